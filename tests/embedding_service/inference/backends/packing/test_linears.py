"""Both forms of a linear are the same exact linear."""

import pytest
import torch

from embedding_service.inference.backends.base import Form
from embedding_service.inference.backends.packing.linears import (
    FORMS,
    PlainLinear,
    can_prepack,
    choose_form,
)

pytestmark = [pytest.mark.xdist_group("torch"), pytest.mark.timeout(300)]

_FORMS: list[Form] = ["plain", "prepacked"]


@pytest.fixture(params=_FORMS)
def form(request: pytest.FixtureRequest) -> Form:
    if request.param == "prepacked" and not can_prepack():
        pytest.skip("this torch has no prepacked linears on this CPU")
    chosen: Form = request.param
    return chosen


@pytest.mark.parametrize("rows", [1, 5, 128, 300])
@pytest.mark.parametrize("has_bias", [True, False])
def test_each_form_is_exact(form: Form, rows: int, *, has_bias: bool) -> None:
    generator = torch.Generator().manual_seed(rows)
    weight = torch.randn(96, 64, generator=generator) / 8
    bias = torch.randn(96, generator=generator) if has_bias else None
    x, residual = (torch.randn(rows, width, generator=generator) for width in (64, 96))
    linear = FORMS[form](weight, bias)
    exact = torch.nn.functional.linear(
        x.double(), weight.double(), None if bias is None else bias.double()
    )
    for answered, expected in (
        (linear(x), exact),
        (linear.gelu(x), torch.nn.functional.gelu(exact)),
        (linear.plus(x, residual), exact + residual),
    ):
        torch.testing.assert_close(answered.double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_the_choice_is_one_that_works_here(dtype: torch.dtype) -> None:
    form = choose_form(torch.randn(256, 128).to(dtype))
    assert form == "plain" or can_prepack(dtype)


@pytest.mark.parametrize("rows", [1, 5, 128])
def test_in_bfloat16_both_forms_are_near(form: Form, rows: int) -> None:
    if form == "prepacked" and not can_prepack(torch.bfloat16):
        pytest.skip("this torch has no prepacked linears in bfloat16 on this CPU")
    generator = torch.Generator().manual_seed(rows)
    weight, bias, x, residual = (
        torch.randn(*shape, generator=generator).div(scale).to(torch.bfloat16)
        for shape, scale in (((96, 64), 8), ((96,), 1), ((rows, 64), 1), ((rows, 96), 1))
    )
    linear = FORMS[form](weight, bias)
    exact = torch.nn.functional.linear(x.double(), weight.double(), bias.double())
    for answered, expected in (
        (linear(x), exact),
        (linear.gelu(x), torch.nn.functional.gelu(exact)),
        (linear.plus(x, residual), exact + residual),
    ):
        torch.testing.assert_close(answered.double(), expected, rtol=2e-2, atol=2e-2)


def test_without_the_operation_linears_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a torch that has renamed it; the name is a private one."""
    monkeypatch.delattr(torch.ops.mkldnn, "_linear_pointwise", raising=False)
    monkeypatch.setattr(torch.ops, "mkldnn", torch.ops.no_such_library)
    assert not can_prepack()
    assert choose_form(torch.randn(256, 128)) == "plain"
    assert FORMS["plain"] is PlainLinear
