"""The benchmarks of a dataset that grows make rows and files of today's schema, and upkeep keeps them few."""

import runpy

import pytest

from warraq.pipelines.query import connect
from warraq.transforms.dataset.dataset import Dataset

upkeep = runpy.run_module("benchmarks.speed.upkeep")
large = runpy.run_module("benchmarks.speed.large")


@pytest.mark.slow
def test_a_year_of_runs_is_held_in_one_file_for_each_closed_day_and_topic(tmp_path):
    year, hours = upkeep["Year"](str(tmp_path)), 3 * upkeep["HOURS"]
    for hour in range(1, hours):
        year.commit(hour)
    assert year.publish(hours) > 0
    year.maintain(hours)
    days = [path.split("date=")[1][:10] for path in year.dataset.files("articles")]
    assert days.count("2024-01-01") == 11
    assert days.count("2024-01-03") == 11 * upkeep["HOURS"]


def test_a_large_dataset_has_as_many_files_and_rows_as_are_asked_for(tmp_path):
    large["make"](str(tmp_path / "out"), 30, 4)
    dataset = Dataset(str(tmp_path / "out"))
    assert len(dataset.files("articles")) == 30
    assert connect(dataset).sql("SELECT count(*) FROM articles").fetchall() == [(120,)]
