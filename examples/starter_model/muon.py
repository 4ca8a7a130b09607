"""The Muon optimiser in float32, for machines without fast bfloat16.

Momentum whose update is orthogonalised by a few Newton–Schulz steps
(K. Jordan, "Muon: An optimizer for hidden layers in neural networks", 2024). For the weight
matrices of hidden layers only; embeddings and norms take AdamW.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
_STEPS = 5


def orthogonalise(matrix: Tensor) -> Tensor:
    """A matrix with the same singular vectors and singular values near one."""
    a, b, c = _COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(_STEPS):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised, with decoupled weight decay."""

    def __init__(
        self, params: Iterable[Tensor], lr: float, momentum: float = 0.95, decay: float = 0.05
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                self._update(weight, **{k: group[k] for k in ("lr", "momentum", "decay")})

    def _update(self, weight: Tensor, lr: float, momentum: float, decay: float) -> None:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        mean = state["momentum"].lerp_(weight.grad, 1 - momentum)
        update = orthogonalise(weight.grad.lerp(mean, momentum))
        scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
        weight.mul_(1 - lr * decay).add_(update, alpha=-lr * scale)
