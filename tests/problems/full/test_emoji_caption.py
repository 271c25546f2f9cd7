"""emoji_caption reads three npm packages."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from t2t_multimodel import UserError
from t2t_multimodel.problems.caption.emoji import EmojiCaption
from t2t_multimodel.problems.corpora.emoji import split_of_drawing

CODES = [f"1F6{i:02X}" for i in range(40)]


def png(value):
    buffer = io.BytesIO()
    Image.fromarray(np.full((64, 64, 4), [value, 0, 0, 255], np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def raw_dir(tmp_path, write_npm):
    annotations = {chr(int(code, 16)): {"tts": [f"thing {code}"]} for code in CODES}
    names = json.dumps({"annotations": {"annotations": annotations}}).encode()
    write_npm("cldr-annotations-full-48.2.0.tgz", {"annotations/en/annotations.json": names})
    for first, vendor in ((0, "google"), (100, "twitter")):
        emoji = [
            {"unified": code, "image": f"{code}.png", f"has_img_{vendor}": True} for code in CODES
        ]
        files = {f"img/{vendor}/64/{code}.png": png(first + i) for i, code in enumerate(CODES)}
        files["emoji.json"] = json.dumps(emoji).encode()
        write_npm(f"emoji-datasource-{vendor}-16.0.0.tgz", files)
    return tmp_path


def test_drawings_have_the_splits_of_octet_caption(raw_dir):
    for split in EmojiCaption.splits:
        found = [
            (e["inputs"][0, 0, 0], e["targets"]) for e in EmojiCaption().examples(split, raw_dir)
        ]
        assert found == [
            (first + i, f"thing {code}")
            for first, vendor in ((0, "google"), (100, "twitter"))
            for i, code in enumerate(CODES)
            if split_of_drawing(vendor, code) == split
        ]
        assert found


def test_each_vendor_is_read_alone(raw_dir):
    (raw_dir / "emoji-datasource-google-16.0.0.tgz").write_bytes(b"damaged")
    problem = EmojiCaption()
    assert problem.source_parts("train", raw_dir) == ["google", "twitter"]
    examples = list(problem.examples_of("twitter", "train", raw_dir))
    assert {example["origin"].partition(": ")[0] for example in examples} == {
        "emoji-datasource-twitter-16.0.0.tgz"
    }
    with pytest.raises(tarfile.ReadError):
        next(problem.examples_of("google", "train", raw_dir))


def test_pictures_fit_the_declared_size(raw_dir):
    example = next(EmojiCaption().examples("train", raw_dir))
    assert EmojiCaption.inputs.encode(example["inputs"], None).shape == (64, 64, 3)


def test_missing_packages_are_one_error(raw_dir):
    (raw_dir / "emoji-datasource-google-16.0.0.tgz").unlink()
    (raw_dir / "cldr-annotations-full-48.2.0.tgz").unlink()
    with pytest.raises(UserError) as caught:
        next(EmojiCaption().examples("train", raw_dir))
    assert str(caught.value) == (
        f"Not found in {raw_dir}: cldr-annotations-full (7 MB), emoji-datasource-google (75 MB).\n"
        f"cd {raw_dir} && npm pack cldr-annotations-full@48.2.0 emoji-datasource-google@16.0.0"
    )
