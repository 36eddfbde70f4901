"""The private parts of Beam that the local engine replaces or calls: all are named here, and pipelines/local/ has them all.

setup.py caps Beam below the next minor version. Raise the cap when these tests, and the others, pass with that version.
"""

import ast
import importlib
import inspect

import pytest

from tests.support.paths import ROOT

# Modules that Beam's own guide to its API does not promise to keep, and what is used of each.
PRIVATE = {
    "apache_beam.coders.coder_impl": {"CoderImpl", "create_InputStream", "create_OutputStream"},
    "apache_beam.metrics.monitoring_infos": {"consolidate"},
    "apache_beam.portability": {"common_urns"},
    "apache_beam.portability.api": {"beam_fn_api_pb2", "beam_fn_api_pb2_grpc", "beam_runner_api_pb2", "endpoints_pb2"},
    "apache_beam.runners.portability.fn_api_runner": {"worker_handlers"},
    "apache_beam.runners.portability.fn_api_runner.execution": {"BundleContextManager"},
    "apache_beam.runners.portability.fn_api_runner.fn_runner": {"BundleManager", "FnApiRunner"},
    "apache_beam.runners.portability.fn_api_runner.translations": {"split_buffer_id"},
    "apache_beam.runners.portability.fn_api_runner.worker_handlers": {
        "DATA_BUFFER_TIME_LIMIT_MS",
        "BeamFnControlServicer",
        "GrpcServer",
        "GrpcStateServicer",
        "GrpcWorkerHandler",
        "WorkerHandler",
    },
    "apache_beam.runners.portability.portable_runner": {"JobServiceHandle"},
    "apache_beam.runners.worker": {"sdk_worker_main"},
    "apache_beam.runners.worker.data_plane": {"BeamFnDataServicer"},
    "apache_beam.utils.thread_pool_executor": {"shared_unbounded_instance"},
}
# Class → methods and attributes that are overridden, replaced or read.
MEMBERS = {
    "apache_beam.runners.portability.fn_api_runner.fn_runner:FnApiRunner": {"_execute_bundle", "_get_bundle_manager"},
    "apache_beam.runners.portability.fn_api_runner.fn_runner:BundleManager": {"process_bundle"},
    "apache_beam.runners.portability.fn_api_runner.execution:BundleContextManager": {
        "_worker_handlers",
        "get_buffer",
        "get_input_coder_impl",
        "process_bundle_descriptor",
        "worker_handlers",
    },
    "apache_beam.runners.portability.fn_api_runner.worker_handlers:GrpcWorkerHandler": {
        "close",
        "control_address",
        "control_conn",
        "port_from_worker",
        "start_worker",
        "stop_worker",
    },
    "apache_beam.runners.portability.fn_api_runner.worker_handlers:BeamFnControlServicer": {"UNSTARTED_STATE", "done"},
    "apache_beam.runners.portability.fn_api_runner.worker_handlers:ControlConnection": {"_state"},
    "apache_beam.runners.portability.fn_api_runner.worker_handlers:WorkerHandler": {"register_environment"},
    "apache_beam.runners.portability.portable_runner:JobServiceHandle": {"encode_pipeline_options"},
}
SOURCES = [*ROOT.glob("pipelines/**/*.py"), *ROOT.glob("transforms/**/*.py"), *ROOT.glob("schemas/**/*.py")]


def imported(path):
    """Module → names imported from it, of private modules."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module in PRIVATE:
            found.setdefault(node.module, set()).update(alias.name for alias in node.names)
        assert not (isinstance(node, ast.Import) and any(alias.name in PRIVATE for alias in node.names))
    return found


def test_all_that_is_imported_is_named_here_and_lies_in_one_folder():
    used = {}
    for path in SOURCES:
        found = imported(path)
        assert not found or path.parent == ROOT / "pipelines" / "local", path
        for module, names in found.items():
            used.setdefault(module, set()).update(names)
    listed = {module: names - {"GrpcServer", "WorkerHandler"} for module, names in PRIVATE.items()}  # by their module
    assert used == listed


@pytest.mark.parametrize("module", PRIVATE)
def test_beam_has_what_is_imported(module):
    found = importlib.import_module(module)
    for name in PRIVATE[module]:
        assert hasattr(found, name) or importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize("owner", MEMBERS)
def test_beam_has_what_is_replaced_or_read(owner):
    module, _, name = owner.partition(":")
    one = getattr(importlib.import_module(module), name)
    source = "".join(inspect.getsource(base) for base in one.__mro__[:-1])
    for member in MEMBERS[owner]:
        assert hasattr(one, member) or f"self.{member}" in source, member
