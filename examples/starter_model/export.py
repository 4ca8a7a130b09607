"""Write a checkpoint as a Q8_0 GGUF file for llama.cpp.

The matrices become Q8_0 (blocks of 32 weights, 8 bits each, one scale), the norms stay float32.
The embedding is written once: llama.cpp uses it for the output, too, where no other is given.
"""

import argparse
import json
from pathlib import Path

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from model import Shape
from tokenizer import END_OF_TEXT, END_OF_TEXT_ID

_BLOCK_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_forward_norm": "ffn_norm",
    "feed_forward.gate": "ffn_gate",
    "feed_forward.up": "ffn_up",
    "feed_forward.down": "ffn_down",
}


def gguf_name(name: str) -> str:
    """llama.cpp's name of a weight: `blk.2.attn_q.weight` for `blocks.2.attention.q.weight`."""
    match name.split("."):
        case ["embedding", "weight"]:
            return "token_embd.weight"
        case ["norm", "weight"]:
            return "output_norm.weight"
        case ["blocks", number, *part, "weight"]:
            return f"blk.{number}.{_BLOCK_NAMES['.'.join(part)]}.weight"
        case _:
            raise ValueError(f"unknown weight {name!r}: add it to the table of names")


def add_description(writer: gguf.GGUFWriter) -> None:
    """Who made the model, of what."""
    writer.add_name("jupyter-sim starter")
    writer.add_description(
        "A toy base model trained on English novels of 1840–1920, to try jupyter-sim with."
    )
    writer.add_license("bsd-3-clause")
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def add_shape(writer: gguf.GGUFWriter, shape: Shape) -> None:
    """The sizes llama.cpp needs."""
    writer.add_vocab_size(shape.vocabulary)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_rope_dimension_count(shape.head_width)
    writer.add_rope_freq_base(shape.rope_base)


def add_tokenizer(writer: gguf.GGUFWriter, path: Path) -> None:
    """The vocabulary and the merges.

    No begin-of-text token is added to prompts: most windows in training began in mid-text,
    without one. End-of-text is what an empty page begins with.
    """
    bpe = json.loads(path.read_text(encoding="utf-8"))["model"]
    tokens = sorted(bpe["vocab"], key=bpe["vocab"].__getitem__)
    kinds = [gguf.TokenType.CONTROL if t == END_OF_TEXT else gguf.TokenType.NORMAL for t in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(merge) for merge in bpe["merges"]])
    writer.add_bos_token_id(END_OF_TEXT_ID)
    writer.add_eos_token_id(END_OF_TEXT_ID)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)


def add_weight(writer: gguf.GGUFWriter, name: str, weight: np.ndarray) -> None:
    """One weight, matrices as Q8_0."""
    if weight.ndim == 1:
        writer.add_tensor(gguf_name(name), weight)
    else:
        blocks = gguf.quants.quantize(weight, Kind.Q8_0)
        writer.add_tensor(gguf_name(name), blocks, raw_dtype=Kind.Q8_0)


def export(run: Path, to: Path) -> None:
    """Write `run`'s checkpoint to `to`."""
    state = torch.load(run / "checkpoint.pt")
    writer = gguf.GGUFWriter(to, "llama")
    add_description(writer)
    add_shape(writer, Shape(**state["shape"]))
    add_tokenizer(writer, run / "tokenizer.json")
    for name, weight in state["model"].items():
        add_weight(writer, name, weight.numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="the folder given to train.py as --out")
    parser.add_argument("to", type=Path, help="the GGUF file to write")
    options = parser.parse_args()
    export(options.run, options.to)
    print(f"{options.to}: {options.to.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
