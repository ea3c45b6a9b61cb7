# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
import numpy as np
import pytest
from longnet import text
from longnet.text import text_qkv


def test_shapes_and_determinism():
    q, k, v = text_qkv(b"to be or not to be", 3, 8, seed=5)
    for array in (q, k, v):
        assert array.shape == (1, 3, 18, 8)
        assert array.dtype == np.float32
    for array, again in zip((q, k, v), text_qkv(b"to be or not to be", 3, 8, seed=5), strict=True):
        assert array.tobytes() == again.tobytes()
    assert not np.allclose(q, text_qkv(b"to be or not to be", 3, 8, seed=6)[0])


def test_same_byte_same_value():
    _, _, v = text_qkv(b"abca", 2, 4)
    assert (v[:, :, 0] == v[:, :, 3]).all()
    assert (v[:, :, 0] != v[:, :, 1]).any()
    assert (v[:, 0] != v[:, 1]).any()


def test_scores_depend_on_the_distance_alone():
    q, k, _ = text_qkv(b"a" * 64, 2, 16)
    score = q[0].astype(np.float64) @ k[0].astype(np.float64).swapaxes(1, 2)
    for distance in (-5, 0, 3):
        diagonal = np.diagonal(score, distance, axis1=1, axis2=2)
        np.testing.assert_allclose(
            diagonal, np.broadcast_to(diagonal[:, :1], diagonal.shape), atol=1e-4
        )


def test_a_token_prefers_its_own_byte():
    q, k, _ = text_qkv(bytes(range(256)), 2, 64)
    score = q[0] @ k[0].swapaxes(1, 2)
    assert (score.argmax(axis=2) == np.arange(256)).mean() > 0.9


def test_chunks_do_not_matter(monkeypatch):
    content = bytes(range(100))
    whole = text_qkv(content, 2, 6)
    monkeypatch.setattr(text, "_CHUNK", 7)
    for array, expected in zip(text_qkv(content, 2, 6), whole, strict=True):
        np.testing.assert_array_equal(array, expected)


def test_long_text():
    content = np.random.default_rng(0).bytes(150_000)
    q, k, v = text_qkv(content, 4, 64)
    assert q.shape == k.shape == v.shape == (1, 4, 150_000, 64)
    # A rotation keeps lengths, however late the token.
    last = text_qkv(content[-1:], 4, 64)[0]
    np.testing.assert_allclose(
        np.linalg.norm(q[..., -1, :], axis=-1), np.linalg.norm(last[..., 0, :], axis=-1), rtol=1e-5
    )


def test_empty_text():
    assert text_qkv(b"", 1, 2)[0].shape == (1, 1, 0, 2)


@pytest.mark.parametrize(
    ("heads", "head_dim", "message"),
    [(0, 4, "heads: expected an integer >= 1"), (1, 3, "head_dim: expected an even integer")],
)
def test_errors(heads, head_dim, message):
    with pytest.raises(ValueError, match=message):
        text_qkv(b"x", heads, head_dim)


def test_command_line(tmp_path, run_module):
    source = tmp_path / "story.txt"
    source.write_bytes(b"once upon a time")
    done = run_module(
        "text", source, "--heads=2", "--head-dim=4", "--seed=3", f"--out-dir={tmp_path / 'arrays'}"
    )
    assert done.returncode == 0, done.stderr
    for name, expected in zip("qkv", text_qkv(b"once upon a time", 2, 4, 3), strict=True):
        np.testing.assert_array_equal(np.load(tmp_path / "arrays" / f"{name}.npy"), expected)
    done = run_module("text", tmp_path / "missing.txt")
    assert done.returncode == 2
    assert "missing.txt" in done.stderr
