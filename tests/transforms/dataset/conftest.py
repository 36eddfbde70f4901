"""A dataset that is still empty, and runs staged in it."""

import pytest

from tests.support.datasets import stage_run
from warraq.transforms.dataset.dataset import Dataset


@pytest.fixture
def dataset(tmp_path):
    return Dataset(str(tmp_path / "out"))


@pytest.fixture
def stage(dataset, make_article):
    """Stages one file of articles, and the row that makes a run count as done."""

    def stage_texts(run_id, *texts):
        return stage_run(
            dataset, run_id, [make_article(text, topic="sport", dump_offset=n) for n, text in enumerate(texts)]
        )

    return stage_texts
