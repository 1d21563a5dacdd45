#!/usr/bin/env python3
"""Train the digit classifier of models/digits and export it.

    tools/jax-python tools/train_digits.py

The data are scikit-learn's 8x8 images of handwritten digits; every fifth image
is held out. The network is small, the seed is fixed, and training takes a few
seconds. models/digits/README.md says what each file is.
"""

import json
import os
import pathlib

os.environ["JAX_PLATFORMS"] = "cpu"

import jax
import jax.numpy as jnp
import numpy as np
import sklearn
from jaxlib.mlir.dialects import stablehlo
from sklearn.datasets import load_digits

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "models" / "digits"

SEED = 0
HIDDEN = 48
STEPS = 600
BATCH = 128
LEARNING_RATE = 0.3
WEIGHT_DECAY = 1e-4
PIXEL_MAX = 16.0

# The portable artifact is written for the oldest StableHLO with a promise of
# compatibility, so that plugins older than this JAX read it.
PORTABLE_VERSION = "1.0.0"

# Another plugin's rounding must not change a class: the two likeliest digits
# of every held-out image lie at least this far apart.
MARGIN = 1e-3

# How far a plugin's probabilities may lie from JAX's. A plugin's exponential
# is good to a few ulps of its argument's size, so the bound is absolute.
PROBABILITY_ATOL = 1e-6


def load():
    """Images in [0, 1] and labels, as (training, held-out) pairs."""
    images, labels = load_digits(return_X_y=True)
    images = (images / PIXEL_MAX).astype(np.float32)
    labels = labels.astype(np.int32)
    held = np.arange(len(labels)) % 5 == 0
    return (images[~held], labels[~held]), (images[held], labels[held])


def initial_weights(key):
    """He initialisation, in the order of main's arguments."""
    key1, key2 = jax.random.split(key)
    w1 = jax.random.normal(key1, (64, HIDDEN)) * np.sqrt(2 / 64)
    w2 = jax.random.normal(key2, (HIDDEN, 10)) * np.sqrt(2 / HIDDEN)
    return [w1, jnp.zeros(HIDDEN), w2, jnp.zeros(10)]


def logits(w1, b1, w2, b2, images):
    """Scores of the ten digits for each image."""
    hidden = jax.nn.relu(jnp.dot(images, w1, precision="highest") + b1)
    return jnp.dot(hidden, w2, precision="highest") + b2


def classify(w1, b1, w2, b2, images):
    """What is exported: the probabilities of the ten digits."""
    return jax.nn.softmax(logits(w1, b1, w2, b2, images))


def loss(weights, images, labels):
    """Cross-entropy with weight decay."""
    log_p = jax.nn.log_softmax(logits(*weights, images))
    chosen = jnp.take_along_axis(log_p, labels[:, None], axis=1)
    decay = sum(jnp.sum(w * w) for w in weights)
    return -jnp.mean(chosen) + WEIGHT_DECAY * decay


@jax.jit
def train(key, images, labels):
    """Plain stochastic gradient descent."""
    init_key, batch_key = jax.random.split(key)

    def step(weights, key):
        rows = jax.random.choice(key, len(labels), (BATCH,))
        gradient = jax.grad(loss)(weights, images[rows], labels[rows])
        return [w - LEARNING_RATE * g for w, g in zip(weights, gradient)], None

    keys = jax.random.split(batch_key, STEPS)
    return jax.lax.scan(step, initial_weights(init_key), keys)[0]


def export(weights, images, labels):
    """Write the program, weights, held-out data and JAX's own results."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lowered = jax.jit(classify).lower(*weights, images)
    text = lowered.as_text()
    (FOLDER / "model.mlir").write_text(text)
    (FOLDER / "model.vhlo").write_bytes(
        stablehlo.serialize_portable_artifact_str(text, PORTABLE_VERSION))
    for name, value in zip(("w1", "b1", "w2", "b2"), weights):
        np.save(FOLDER / f"{name}.npy", value)
    probabilities = np.asarray(lowered.compile()(*weights, images))
    likeliest = np.sort(probabilities, axis=1)[:, -2:]
    assert np.min(likeliest[:, 1] - likeliest[:, 0]) > MARGIN, "a near tie"
    np.save(FOLDER / "images.npy", images)
    np.save(FOLDER / "labels.npy", labels)
    np.save(FOLDER / "probabilities.npy", probabilities)
    expected = {
        "correct": int(np.sum(probabilities.argmax(1) == labels)),
        "total": len(labels),
        "probability_atol": PROBABILITY_ATOL,
        "jax": jax.__version__,
        "scikit-learn": sklearn.__version__,
    }
    (FOLDER / "expected.json").write_text(
        json.dumps(expected, indent=2) + "\n")
    return expected


def main():
    training, held_out = load()
    weights = train(jax.random.key(SEED), *training)
    weights = [np.asarray(w) for w in weights]
    expected = export(weights, *held_out)
    print("{correct} of {total} held-out images are right".format(**expected))


if __name__ == "__main__":
    main()
