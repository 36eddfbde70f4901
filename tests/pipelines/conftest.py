import pytest

from warraq.pipelines.local.progress import Progress


@pytest.fixture
def no_progress(monkeypatch):
    """Commands in this process show their notes, as without --quiet, but no progress."""
    monkeypatch.setattr(Progress, "_show", lambda *_: None)
