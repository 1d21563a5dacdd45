"""Statistics of samples that were taken in pairs: sample i of one side ran next
to sample i of another, so that their ratio is free of what slowed both."""
from math import comb
from statistics import median

CONFIDENCE = 0.95


def interval(values):
    """Where the median lies, by the sign test: between two of the values, as
    far in as the confidence allows. Makes no assumption but that the values
    are independent. With fewer than six it is all of them."""
    values = sorted(values)
    n = len(values)
    outside = 0.0  # the chance that the median is beyond the k outermost
    k = 0
    while 2 * (outside + comb(n, k) / 2**n) <= 1 - CONFIDENCE:
        outside += comb(n, k) / 2**n
        k += 1
    k = max(k - 1, 0)
    return values[k], values[n - 1 - k]


def estimate(values):
    """{"median", "low", "high", "n"}"""
    low, high = interval(values)
    return {"median": median(values), "low": low, "high": high,
            "n": len(values)}


def ratio(samples, base):
    """The estimate of samples / base, round by round."""
    return estimate([a / b for a, b in zip(samples, base)])


def difference(samples, base):
    return estimate([a - b for a, b in zip(samples, base)])


def times(samples):
    """The estimate of the samples themselves, and the least of them."""
    return {**estimate(samples), "min": min(samples)}
