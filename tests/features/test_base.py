"""Signatures go through JSON."""

from __future__ import annotations

import json

from t2t_multimodel.features import ProblemSignature, Signature

IMAGE = Signature("image", "image", 0, (28, 28, 1), 784, "uint8")
TEXT = Signature("text", "text/octet-4096-0a1b2c3d", 4096, (None,), 64)


def test_a_signature_comes_back_from_json() -> None:
    for signature in (IMAGE, TEXT):
        assert Signature.from_dict(json.loads(json.dumps(signature.to_dict()))) == signature


def test_a_problem_signature_comes_back_from_json() -> None:
    problem = ProblemSignature("captions", "to_english", IMAGE, TEXT)
    assert ProblemSignature.from_dict(json.loads(json.dumps(problem.to_dict()))) == problem
