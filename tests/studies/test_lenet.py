import torch
from torch.nn import functional as F

from resnet.studies.lenet import LeNet5


def test_it_has_the_textbooks_count_of_parameters() -> None:
    net = LeNet5()
    assert sum(p.numel() for p in net.parameters()) == 61_706
    assert net(torch.zeros(3, 1, 32, 32)).shape == (3, 10)


def test_it_can_learn_a_few_pictures() -> None:
    torch.manual_seed(0)
    net = LeNet5()
    pictures, labels = torch.randn(10, 1, 32, 32), torch.arange(10)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(net(pictures), labels).backward()
        optimizer.step()
    assert (net(pictures).argmax(1) == labels).all()
    for parameter in net.parameters():  # none that training cannot reach
        assert parameter.grad is not None
        assert parameter.grad.any()
