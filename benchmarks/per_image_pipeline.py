"""The classical input pipeline, image by image: what the batch-wise one must equal in distribution."""

import cv2
import numpy as np
import torch
from PIL import Image
from torchvision import transforms as T

from data.datasets import Record


def per_image_transform(size: tuple[int, int], prob: float, padding: int, re_prob: float, mean, std):
    """Torchvision's transforms of the strong baseline, from a PIL image to (3, H, W) float32."""
    return T.Compose(
        [
            T.Resize(size),
            T.RandomHorizontalFlip(prob),
            T.Pad(padding),
            T.RandomCrop(size),
            T.ToTensor(),
            T.Normalize(mean, std),
            T.RandomErasing(re_prob, scale=(0.02, 0.4), ratio=(0.3, 1 / 0.3), value=0),
        ]
    )


class PerImageDataset(torch.utils.data.Dataset):
    """Reads, decodes and transforms one image at a time.

    Args:
        records: what to read.
        transform: from a PIL image to a tensor.
    """

    def __init__(self, records: list[Record], transform):
        self.records, self.transform = records, transform

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        """The image (3, H, W) float32 and its person id."""
        record = self.records[index]
        image = cv2.imdecode(np.fromfile(record.path, np.uint8), cv2.IMREAD_COLOR)
        return self.transform(Image.fromarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))), record.pid
