"""Model cards."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from resnet import checkpoint
from resnet.__main__ import main
from resnet.card import card_of
from resnet.stats import wilson_interval


def test_the_committed_cards_are_what_the_command_writes(variant: str, tmp_path: Path) -> None:
    """After a training: python -m resnet card --output checkpoints"""
    assert main(["card", "--model", variant, "--output", str(tmp_path / "cards")]) == 0
    written = (tmp_path / "cards" / f"{variant}.md").read_text()
    assert written == (checkpoint.FOLDER / f"{variant}.md").read_text()


def test_what_hugging_face_reads_is_what_the_checkpoint_tells(
    variant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["card", "--model", variant]) == 0
    card = ModelCard(capsys.readouterr().out)
    read = card.data.to_dict()
    _, about = checkpoint.load(checkpoint.path_of(variant), variant)
    assert (read["license"], read["pipeline_tag"]) == ("mit", "image-classification")
    (result,) = read["model-index"][0]["results"]
    assert result["metrics"][0]["value"] == about["test"]["right"] / about["test"]["total"]
    for score in (about["test"], about["validation"], about["styles"]):
        low, high = wilson_interval(**score)
        assert f"| {score['right']}/{score['total']} " in card.text
        assert f"| {low:.2%} - {high:.2%} " in card.text
    assert about["weights_sha256"] in card.text
    assert "Not for cheques" in card.text


def test_a_checkpoint_that_does_not_tell_its_training_has_no_card() -> None:
    path = checkpoint.path_of("plain")
    _, about = checkpoint.load(path, "plain")
    del about["recipe"], about["seed"]
    with pytest.raises(checkpoint.CheckpointError, match=r"without its recipe and seed$"):
        card_of(path, about)
