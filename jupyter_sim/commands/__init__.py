"""The commands of `jupyter sim`, a file for each; `cli` puts them together."""
