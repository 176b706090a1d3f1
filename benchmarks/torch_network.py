"""The paper's network, losses and PAMR in PyTorch, written from the paper's text, to be timed beside ours.

For comparison only; nothing of the package imports it. Modules carry the names of the release's state dict, so that
`wsfcn_tf.weights.to_torch_state_dict` fills it, and `benchmarks.beside_torch` checks that both compute the same.
"""

import torch
import torch.nn.functional as F
from torch import nn

_BLOCKS = (  # name, input, middle, output, stride, first dilation, dilation
    *(("b2" + s, i, 128, 128, d, 1, 1) for s, i, d in (("", 64, 2), ("_1", 128, 1), ("_2", 128, 1))),
    *(("b3" + s, i, 256, 256, d, 1, 1) for s, i, d in (("", 128, 2), ("_1", 256, 1), ("_2", 256, 1))),
    ("b4", 256, 512, 512, 2, 1, 1),
    *((f"b4_{index}", 512, 512, 512, 1, 1, 1) for index in range(1, 6)),
    ("b5", 512, 512, 1024, 1, 1, 2),
    *((f"b5_{index}", 1024, 512, 1024, 1, 2, 2) for index in (1, 2)),
)
_DILATIONS = (1, 2, 4, 8, 12, 24)


def _conv(inputs: int, outputs: int, kernel: int | tuple[int, int] = 1, dilation: int = 1, stride: int = 1, bias=False):
    sides = (kernel, kernel) if isinstance(kernel, int) else kernel
    padding = tuple(dilation * (side // 2) for side in sides)
    dilations = tuple(dilation if side > 1 else 1 for side in sides)
    return nn.Conv2d(inputs, outputs, sides, stride, padding, dilations, bias=bias)


class _Residual(nn.Module):
    def __init__(self, inputs, middle, outputs, stride, first_dilation, dilation):
        super().__init__()
        self.bn_branch2a = nn.BatchNorm2d(inputs)
        self.conv_branch2a = _conv(inputs, middle, 3, first_dilation, stride)
        self.bn_branch2b1 = nn.BatchNorm2d(middle)
        self.conv_branch2b1 = _conv(middle, outputs, 3, dilation)
        self.conv_branch1 = _conv(inputs, outputs, 1, stride=stride) if stride > 1 or inputs != outputs else None

    def forward(self, x):
        active = F.relu(self.bn_branch2a(x))
        branch = self.conv_branch2b1(F.relu(self.bn_branch2b1(self.conv_branch2a(active))))
        return branch + (x if self.conv_branch1 is None else self.conv_branch1(active))


class _Bottleneck(nn.Module):
    def __init__(self, inputs, middle, inner, outputs, dilation, dropout):
        super().__init__()
        self.bn_branch2a, self.conv_branch2a = nn.BatchNorm2d(inputs), _conv(inputs, middle)
        self.bn_branch2b1, self.conv_branch2b1 = nn.BatchNorm2d(middle), _conv(middle, inner, 3, dilation)
        self.bn_branch2b2, self.conv_branch2b2 = nn.BatchNorm2d(inner), _conv(inner, outputs)
        self.conv_branch1 = _conv(inputs, outputs)
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x):
        active = F.relu(self.bn_branch2a(x))
        branch = self.dropout(F.relu(self.bn_branch2b1(self.conv_branch2a(active))))
        branch = self.dropout(F.relu(self.bn_branch2b2(self.conv_branch2b1(branch))))
        return self.conv_branch2b2(branch) + self.conv_branch1(active)


class _Strip(nn.Module):
    def __init__(self, inputs, filters, kernel, dilation):
        super().__init__()
        self.conv1_1 = _conv(inputs, filters, (kernel, 1), dilation)
        self.conv1_2 = _conv(filters, filters, (1, kernel), dilation)
        self.conv2_1 = _conv(inputs, filters, (1, kernel), dilation)
        self.conv2_2 = _conv(filters, filters, (kernel, 1), dilation)

    def forward(self, x):
        return self.conv1_2(self.conv1_1(x)) + self.conv2_2(self.conv2_1(x))


class _FCA(nn.Module):
    def __init__(self, inputs=4096, filters=256):
        super().__init__()
        self.ca, self.sa = nn.Module(), nn.Module()
        self.ca.sharedMLP = nn.Sequential(_conv(filters, filters), nn.ReLU(), _conv(filters, filters))
        self.sa.conv = _conv(2, 1, 3)
        for index, (kernel, dilation) in enumerate(((1, 1), (3, 12), (5, 24), (7, 36)), start=1):
            setattr(self, f"fca{index}", _Strip(inputs, filters, kernel, dilation))
        self.global_avg_pool = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), _conv(inputs, filters), nn.BatchNorm2d(filters), nn.ReLU()
        )
        self.conv1, self.bn1 = _conv(5 * filters, filters), nn.BatchNorm2d(filters)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x):
        branches = []
        for strip in (self.fca1, self.fca2, self.fca3, self.fca4):
            y = strip(x)
            weight = self.ca.sharedMLP(y.mean((2, 3), True)) + self.ca.sharedMLP(y.amax((2, 3), True))
            branches.append(y * torch.sigmoid(weight))
        branches.append(self.global_avg_pool(x).expand(-1, -1, *x.shape[2:]))
        y = self.bn1(self.conv1(torch.cat(branches, 1)))
        attention = torch.sigmoid(self.sa.conv(torch.cat([y.mean(1, True), y.amax(1, True)], 1)))
        return self.dropout(y * attention + y)


class _SF2(nn.Module):
    def __init__(self, filters=256):
        super().__init__()
        for name in ("1h", "2h", "3h", "4h", "1v", "2v", "3v", "4v"):
            setattr(self, f"conv{name}", _conv(filters, filters, 3, bias=True))
            setattr(self, f"bn{name}", nn.BatchNorm2d(filters))

    def _unit(self, name, x):
        return F.relu(getattr(self, f"bn{name}")(getattr(self, f"conv{name}")(x)))

    def forward(self, low, high):
        h, v = self._unit("1h", low), self._unit("1v", high)
        met = self._unit("2h", h) * self._unit("2v", v)
        return self._unit("4h", self._unit("3h", met) + h), self._unit("4v", self._unit("3v", met) + v)


class _Alignment(nn.Module):
    def __init__(self, filters=256):
        super().__init__()
        self.down_h, self.down_l = _conv(filters, filters // 2), _conv(filters, filters // 2)
        self.flow_make = _conv(filters, 2, 3)

    def forward(self, low, high):
        size = low.shape[2:]
        coarse = F.interpolate(self.down_h(high), size, mode="bilinear", align_corners=False)
        flow = self.flow_make(torch.cat([coarse, self.down_l(low)], 1)).permute(0, 2, 3, 1)
        y, x = (torch.linspace(-1.0, 1.0, side, device=low.device) for side in size)
        grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)
        scale = torch.tensor([size[1], size[0]], device=low.device, dtype=torch.float32)
        positions = grid + flow.float() / scale
        return F.grid_sample(high, positions.to(high.dtype), align_corners=True, padding_mode="zeros")


class TorchWSFCN(nn.Module):
    """Images [B, 3, H, W], ImageNet-normalised, to (logits [B, 1 + C, h, w] at stride 4, scores [B, C])."""

    def __init__(self, num_classes: int = 20, psi: float = 0.3):
        super().__init__()
        self.psi = psi
        self.conv1a = _conv(3, 64, 3)
        for name, *settings in _BLOCKS:
            setattr(self, name, _Residual(*settings))
        self.b6 = _Bottleneck(1024, 512, 1024, 2048, 4, 0.3)
        self.b7 = _Bottleneck(2048, 1024, 2048, 4096, 4, 0.5)
        self.bn7 = nn.BatchNorm2d(4096)
        self.fca, self.align1, self.sf2 = _FCA(), _Alignment(), _SF2()
        self.last_conv = nn.Sequential(
            *(_conv(256, 256, 3), nn.BatchNorm2d(256), nn.ReLU(), nn.Dropout(0.5)),
            *(_conv(256, 256, 3), nn.BatchNorm2d(256), nn.ReLU(), nn.Dropout(0.1)),
            _conv(256, num_classes, bias=True),
        )
        for name, parameter in self.named_parameters():
            parameter.requires_grad_(not name.startswith(("conv1a", "b2")) and not _is_backbone_norm(name))

    def train(self, mode: bool = True):
        """The backbone's and the context's BatchNorms keep their running statistics (the paper, section IV)."""
        super().train(mode)
        for name, module in self.named_modules():
            if isinstance(module, nn.BatchNorm2d) and not name.startswith(("sf2", "last_conv")):
                module.eval()
        return self

    def forward(self, images):
        """See the class."""
        x = self.conv1a(images)
        for name, *_ in _BLOCKS:
            x = getattr(self, name)(x)
            if name == "b3_2":
                low = x
        high = self.fca(F.relu(self.bn7(self.b7(self.b6(x)))))
        shallow, deep = self.sf2(low, self.align1(low, high))
        if self.training:
            keep = torch.rand_like(deep) >= self.psi
            mixed = torch.where(keep, (deep - self.psi * shallow) / (1 - self.psi), shallow)
        else:
            mixed = (1 - self.psi) * deep + self.psi * shallow
        foreground = self.last_conv(mixed).float()
        logits = torch.cat([torch.ones_like(foreground[:, :1]), foreground], 1)
        x, m = logits[:, 1:], logits.softmax(1)[:, 1:]
        size = m.mean((2, 3))
        scores = (x * m).sum((2, 3)) / (1 + m.sum((2, 3))) + (1 - size) ** 3 * torch.log(0.01 + size)
        return logits, scores


def torch_loss(model: TorchWSFCN, images: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
    """Classification and mask loss of a batch (SSSS section 3.3); PAMR refines all channels."""
    logits, scores = model(images)
    full = images.shape[2:]
    with torch.no_grad():
        mean, std = (torch.tensor(v, device=images.device).view(3, 1, 1) for v in _IMAGENET)
        small = F.interpolate(images * std + mean, logits.shape[2:], mode="bilinear", align_corners=True)
        masks = F.interpolate(torch_pamr(small, logits.softmax(1)), full, mode="bilinear", align_corners=True)
        masks = masks * torch.cat([torch.ones_like(tags[:, :1]), tags], 1)[:, :, None, None]
        factors = torch.full((masks.shape[1], 1, 1), 0.6, device=images.device)
        factors[0] = 0.7
        claims = masks > torch.clamp(factors * masks.amax((2, 3), True), min=0.2)
        pseudo = claims & (claims.sum(1, keepdim=True) < 2)
        count = pseudo.sum((2, 3)).float()
        labelled = count.sum(1, keepdim=True)
        weights = (labelled - count) / (1 + labelled)
        kept = ((count > 0).sum(1) == 1 + tags.sum(1)).float()
    logs = F.interpolate(logits, full, mode="bilinear", align_corners=True).log_softmax(1)
    mask = -(weights[:, :, None, None] * pseudo * logs).sum(1).mean((1, 2)) * kept
    return F.multilabel_soft_margin_loss(scores, tags) + mask.mean()


def torch_pamr(images: torch.Tensor, masks: torch.Tensor, iterations: int = 10) -> torch.Tensor:
    """PAMR by one-hot convolutions (SSSS section 3.3); images [B, 3, H, W] and masks [B, K, H, W] of one size."""
    one_hot = torch.eye(9, device=images.device).view(9, 1, 3, 3)
    around = torch.cat([one_hot[:4], one_hot[5:]])

    def windows(x, kernels):
        b, k, h, w = x.shape
        planes = x.reshape(b * k, 1, h, w)
        parts = [F.conv2d(F.pad(planes, [d] * 4, mode="replicate"), kernels, dilation=d) for d in _DILATIONS]
        return torch.cat(parts, 1).view(b, k, -1, h, w)

    distance = (windows(images, around) - images[:, :, None]).abs()
    deviation = windows(images, one_hot).std(2, keepdim=True)
    weights = (-distance / (1e-8 + 0.1 * deviation)).mean(1, keepdim=True).softmax(2)
    for _ in range(iterations):
        masks = (weights * windows(masks, around)).sum(2)
    return masks


def torch_optimizer(model: TorchWSFCN) -> torch.optim.SGD:
    """The paper's SGD: backbone x1, new layers x20, biases twice that and without decay."""
    groups: dict[tuple[float, float], list] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            new = name.startswith(("fca", "align1", "sf2", "last_conv"))
            bias = name.endswith("bias")
            rate = (20.0 if new else 1.0) * (2.0 if bias else 1.0)
            groups.setdefault((rate, 0.0 if bias else 5e-4), []).append(parameter)
    parameters = [
        {"params": values, "lr": 1e-3 * rate, "weight_decay": decay} for (rate, decay), values in groups.items()
    ]
    return torch.optim.SGD(parameters, momentum=0.9)


_IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


def _is_backbone_norm(name: str) -> bool:
    return (name.startswith("b") and ".bn_" in name) or name.startswith("bn7")
