"""The statistics, compared with published figures and with the results of other programs."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daybook.funnels.histogram import bucket
from daybook.query.figures.rounding import average, percentages, rate
from daybook.query.statistics.chi_square import chi_square_p, sample_ratio_p
from daybook.query.statistics.holm import holm
from daybook.query.statistics.proportions import odds_ratio, wilson
from daybook.query.statistics.quantiles import MEDIAN, P90, quantile_ms, quantile_seconds
from daybook.query.statistics.t_test import (
    SEQUENTIAL_VISITORS,
    Difference,
    Sample,
    compare,
    incomplete_beta,
    successes,
    two_sided_p,
    two_sided_quantile,
)

CONTROL = Sample(3407, 1396.87, 52377.9767)
VARIANT = Sample(3461, 2422.7, 134698.29)


def found(difference: Difference | None) -> Difference:
    assert difference is not None
    return difference


class TestWilson:
    @pytest.mark.parametrize(
        ("successes", "trials", "lower", "upper"),
        [
            # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (5, 10, 0.2366, 0.7634),
            (10, 10, 0.7225, 1.0),
        ],
    )
    def test_intervals_match_published_ones(
        self, successes: int, trials: int, lower: float, upper: float
    ) -> None:
        interval = wilson(successes, trials)
        assert interval is not None
        assert interval == pytest.approx((lower, upper), abs=5e-5)

    def test_without_trials_there_is_no_interval(self) -> None:
        assert wilson(0, 0) is None

    @pytest.mark.parametrize("successes", [-1, 3])
    def test_successes_outside_the_trials_are_refused(self, successes: int) -> None:
        with pytest.raises(ValueError, match="number of trials"):
            wilson(successes, 2)

    @given(st.integers(0, 10**9), st.integers(1, 10**9))
    def test_the_interval_contains_the_rate_and_stays_within_0_and_1(
        self, one: int, other: int
    ) -> None:
        part, whole = min(one, other), max(one, other)
        interval = wilson(part, whole)
        assert interval is not None
        assert 0 <= interval.lower <= part / whole <= interval.upper <= 1


class TestOdds:
    @pytest.mark.parametrize(
        ("with_reason", "without", "prior", "ratio"),
        [
            ((5, 1), (2, 10), 0.0, 25.0),  # 5/1 over 2/10
            ((5, 0), (5, 10), 1.0, 11.0),
            ((3, 3), (7, 7), 1.0, 1.0),
            ((0, 5), (10, 5), 1.0, 1 / 11),
        ],
    )
    def test_odds_ratios_match_hand_computed_ones(
        self, with_reason: tuple[int, int], without: tuple[int, int], prior: float, ratio: float
    ) -> None:
        odds = odds_ratio(with_reason, without, prior)
        assert odds.ratio == pytest.approx(ratio)
        assert odds.lower < odds.ratio < odds.upper

    def test_bounds_match_published_ones(self) -> None:
        # Smoking and lung cancer in men (Doll and Hill 1950).
        odds = odds_ratio((647, 622), (2, 27), 0.0)
        assert odds == pytest.approx((14.04, 3.33, 59.30), rel=0.01)


class TestStudent:
    @pytest.mark.parametrize(
        ("freedom", "t"),
        [
            # Abramowitz & Stegun, table 26.10: 95 % in the middle.
            (1, 12.706),
            (2, 4.303),
            (5, 2.571),
            (10, 2.228),
            (30, 2.042),
            (120, 1.980),
            (1e7, 1.960),
        ],
    )
    def test_quantiles_match_published_ones(self, freedom: float, t: float) -> None:
        assert two_sided_quantile(0.95, freedom) == pytest.approx(t, abs=5e-4)
        assert two_sided_p(t, freedom) == pytest.approx(0.05, abs=1e-4)

    def test_one_degree_of_freedom_is_cauchys_distribution(self) -> None:
        assert two_sided_p(1.0, 1) == pytest.approx(0.5, abs=1e-12)

    @pytest.mark.parametrize(("t", "p"), [(0.0, 1.0), (60.0, 0.0)])
    def test_p_is_1_at_0_and_0_far_out(self, t: float, p: float) -> None:
        assert two_sided_p(t, 10_000) == pytest.approx(p, abs=1e-12)

    @given(st.integers(0, 2**30), st.floats(0.5, 50), st.floats(0.5, 50))
    def test_the_incomplete_beta_function_is_symmetric(self, part: int, a: float, b: float) -> None:
        x = part / 2**30  # so that 1 - x is exact
        whole = incomplete_beta(x, a, b) + incomplete_beta(1 - x, b, a)
        assert whole == pytest.approx(1, abs=1e-9)

    def test_x_outside_0_to_1_is_refused(self) -> None:
        with pytest.raises(ValueError, match="between 0 and 1"):
            incomplete_beta(1.5, 1, 1)


class TestWelch:
    def test_relative_difference_of_rates(self) -> None:
        difference = found(compare(successes(14, 28), successes(16, 30), relative=True))
        assert difference.p == pytest.approx(0.80707, abs=5e-6)
        assert difference[2:] == pytest.approx((-0.47767, 0.61101), abs=5e-6)

    def test_relative_difference_of_means(self) -> None:
        difference = found(compare(CONTROL, VARIANT, relative=True))
        assert difference.p == pytest.approx(0.06191, abs=5e-6)

    def test_absolute_difference_of_means(self) -> None:
        difference = found(compare(CONTROL, VARIANT))
        assert difference.p == pytest.approx(0.02016, abs=5e-6)
        assert difference[2:] == pytest.approx((0.04538, 0.53462), abs=5e-6)

    def test_sequential_interval(self) -> None:
        one, other = successes(1396, 3000), successes(2422, 3461)
        difference = found(compare(one, other, relative=True, sequential_at=5_000))
        assert difference[2:] == pytest.approx((0.40098, 0.60675), abs=5e-6)
        assert difference.p < 0.05

    @pytest.mark.parametrize(("number", "is_significant"), [(100, False), (1_000, True)])
    def test_a_sequential_p_is_below_5_percent_exactly_if_the_interval_excludes_0(
        self, number: int, is_significant: bool
    ) -> None:
        one, other = successes(number // 10, number), successes(number // 5, number)
        difference = found(compare(one, other, sequential_at=5_000))
        assert (difference.p < 0.05) == (difference.lower > 0) == is_significant

    @pytest.mark.parametrize(
        ("control", "variant", "relative"),
        [
            (successes(0, 0), successes(1, 10), False),
            (successes(1, 1), successes(1, 10), False),
            (successes(0, 10), successes(0, 10), False),
            (successes(0, 10), successes(5, 10), True),
        ],
    )
    def test_undefined_differences_are_none(
        self, control: Sample, variant: Sample, relative: bool
    ) -> None:
        assert compare(control, variant, relative=relative) is None

    def test_the_variance_of_large_sums_is_exact(self) -> None:
        each = 2**52 + 1
        values = [each, each + 2, each + 4]
        sample = Sample(3, sum(values), sum(value**2 for value in values))
        assert sample.variance == 4


DAYS, TESTS, VISITORS_A_DAY = 30, 2_000, 200


def false_winners(arms: int, rate: float) -> float:
    """The share of A/A tests in which some variant differs from the control on some day."""
    dice = np.random.default_rng(20261127)
    visitors = dice.poisson(VISITORS_A_DAY, (TESTS, DAYS, arms))
    conversions = dice.binomial(visitors, rate).cumsum(axis=1).tolist()
    visitors = visitors.cumsum(axis=1).tolist()

    def is_found(conversions: list[int], visitors: list[int]) -> bool:
        control, *others = map(successes, conversions, visitors)
        found = [compare(control, other, sequential_at=SEQUENTIAL_VISITORS) for other in others]
        return min(holm([each.p if each else 1.0 for each in found])) < 0.05

    tests = zip(conversions, visitors, strict=True)
    return sum(any(map(is_found, *test)) for test in tests) / TESTS


class TestDailyLooks:
    @pytest.mark.parametrize(("arms", "rate"), [(2, 0.02), (2, 0.2), (4, 0.1)])
    def test_at_most_5_percent_of_sequential_a_a_tests_have_a_false_winner(
        self, arms: int, rate: float
    ) -> None:
        assert 0 < false_winners(arms, rate) <= 0.05


class TestHolm:
    def test_the_smallest_is_multiplied_by_all_and_the_next_by_the_rest(self) -> None:
        # Holm 1979, as `p.adjust` of R gives it.
        assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])

    def test_one_comparison_is_not_corrected(self) -> None:
        assert holm([0.03]) == [0.03]
        assert holm([]) == []

    @given(st.lists(st.floats(0, 1), max_size=20))
    def test_no_p_becomes_smaller_or_passes_another(self, p_values: list[float]) -> None:
        corrected = holm(p_values)
        assert all(p <= after <= 1 for p, after in zip(p_values, corrected, strict=True))
        ranked = sorted(zip(p_values, corrected, strict=True))
        assert sorted(corrected) == [after for _, after in ranked]


class TestSampleRatio:
    @pytest.mark.parametrize(
        ("square", "freedom", "p"),
        [
            # Abramowitz & Stegun, table 26.8: the upper 5 and 0.1 %.
            (3.84146, 1, 0.05),
            (5.99146, 2, 0.05),
            (7.81473, 3, 0.05),
            (10.828, 1, 0.001),
            (18.3070, 10, 0.05),
            (0, 4, 1),
        ],
    )
    def test_p_values_match_published_ones(self, square: float, freedom: int, p: float) -> None:
        assert chi_square_p(square, freedom) == pytest.approx(p, rel=1e-3)

    @pytest.mark.parametrize(
        ("visitors", "split", "is_even"),
        [
            ((1_000, 1_010), (0.5, 0.5), True),
            ((1_000, 1_010), (50, 50), True),
            ((1_000, 1_300), (0.5, 0.5), False),
            ((900, 100), (0.9, 0.1), True),
            ((10**7, 10**6, 10**5), (1, 1, 1), False),
        ],
    )
    def test_a_mismatch_has_a_small_p(
        self, visitors: tuple[int, ...], split: tuple[float, ...], is_even: bool
    ) -> None:
        p = sample_ratio_p(visitors, split)
        assert p is not None
        assert (p >= 0.001) == is_even

    @pytest.mark.parametrize(
        ("visitors", "split"), [((10,), (1,)), ((0, 0), (1, 1)), ((0, 5), (0, 1)), ((), ())]
    )
    def test_without_a_split_or_visitors_there_is_no_p(
        self, visitors: tuple[int, ...], split: tuple[float, ...]
    ) -> None:
        assert sample_ratio_p(visitors, split) is None

    def test_a_weight_of_0_expects_nobody(self) -> None:
        assert sample_ratio_p((10, 12, 0), (1, 1, 0)) == sample_ratio_p((10, 12), (1, 1))
        assert sample_ratio_p((10, 12, 1), (1, 1, 0)) == 0


class TestQuantiles:
    @given(
        st.lists(st.integers(0, 10**9), min_size=1, max_size=200),
        st.sampled_from([MEDIAN, P90, Fraction(1, 100), Fraction(1)]),
    )
    def test_a_quantile_is_at_most_two_percent_off(
        self, times: list[int], quantile: Fraction
    ) -> None:
        histogram: dict[str, int] = {}
        for time in times:
            histogram[bucket(time)] = histogram.get(bucket(time), 0) + 1
        rank = -(-quantile.numerator * len(times) // quantile.denominator)
        exact = sorted(times)[rank - 1]
        assert quantile_ms(histogram, quantile) == pytest.approx(exact, rel=0.0201)

    @pytest.mark.parametrize(
        ("times", "median"), [([], None), ([0], 0), ([400], 0), ([0, 60_000, 60_000], 60)]
    )
    def test_a_median_in_seconds(self, times: list[int], median: int | None) -> None:
        histogram: dict[str, int] = {}
        for time in times:
            histogram[bucket(time)] = histogram.get(bucket(time), 0) + 1
        assert quantile_seconds(histogram, MEDIAN) == pytest.approx(median, abs=1.3)


class TestRounding:
    @given(st.lists(st.integers(0, 10**12), max_size=30))
    def test_percentages_add_up_to_100(self, weights: list[int]) -> None:
        whole = sum(round(each * 100) for each in percentages(weights))
        assert whole == (10_000 if any(weights) else 0)

    @pytest.mark.parametrize(
        ("total", "number", "rounded"),
        [(5, 2, 2), (7, 2, 4), (0, 5, 0), (5, 0, None), (None, 5, None), (2, 3, 1)],
    )
    def test_an_average_is_rounded_half_to_even(
        self, total: int | None, number: int, rounded: int | None
    ) -> None:
        assert average(total, number) == rounded

    def test_a_rate_of_0_is_none(self) -> None:
        assert rate(0, 0) is None
        assert rate(0, 4) == 0
