"""From which similarity on two are the same person."""

import pytest

from search.calibration import Calibration, read_calibration
from utils.errors import InputError


def test_between_two_measured_rates_it_is_on_the_line_over_their_logarithm():
    found = Calibration({1e-2: 0.4, 1e-3: 0.6, 1e-4: 0.75})
    assert [found.threshold(rate) for rate in (1e-2, 1e-3, 1e-4)] == pytest.approx([0.4, 0.6, 0.75])
    assert found.threshold(10**-2.5) == pytest.approx(0.5)
    assert found.threshold(10**-3.2) == pytest.approx(0.63)


def test_beyond_what_was_measured_it_stays():
    found = Calibration({1e-3: 0.6, 1e-2: 0.4})
    assert (found.threshold(0.5), found.threshold(1e-9)) == (0.4, 0.6)
    assert {Calibration.fixed(0.3).threshold(rate) for rate in (1, 0.01, 1e-6)} == {0.3}


def test_it_is_read_from_beside_the_weights(tmp_path):
    weights, file = tmp_path / "w.pth", tmp_path / "w.calibration.yml"
    assert read_calibration(weights) is None
    file.write_text(
        "similarity: cosine\nfpr_1e-3: {threshold: 0.61, tpr: 0.7}\nfpr_1e-4: {threshold: 0.7, tpr: 0.3}\n"
        "eer: {threshold: 0.2, rate: 0.03}\npairs: {same: 3, different: 9}\n"
    )
    assert read_calibration(weights) == Calibration({1e-3: 0.61, 1e-4: 0.7})
    of_other_things = ("[]", "{}", "", "a: [", "eer: {threshold: 1}")
    for damaged in (*of_other_things, "fpr_x: {threshold: 1}", "fpr_1e-3: 1", "fpr_0: {threshold: 1}"):
        file.write_text(damaged)
        with pytest.raises(InputError, match="is damaged .*--calibrate"):
            read_calibration(weights)
