"""The dataset on disk: Delta tables of Parquet files that are committed together."""
