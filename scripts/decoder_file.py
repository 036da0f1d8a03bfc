"""The sizes of a decoder, and what every GGUF file of one says in the same words. No torch."""

from __future__ import annotations

from dataclasses import dataclass

import gguf


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network. `width` and `inner` are multiples of 32 so that Q8_0 blocks fit."""

    vocabulary: int
    width: int
    layers: int
    heads: int
    inner: int
    context: int = 4096
    rope_base: float = 10000.0
    epsilon: float = 1e-6

    @property
    def head(self) -> int:
        """Size of one attention head."""
        return self.width // self.heads


def describe(writer: gguf.GGUFWriter, shape: Shape, kind: gguf.LlamaFileType) -> None:
    """Adds the sizes under the names that llama.cpp reads."""
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.inner)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.heads)
    writer.add_rope_dimension_count(shape.head)
    writer.add_rope_freq_base(shape.rope_base)
    writer.add_layer_norm_rms_eps(shape.epsilon)
    writer.add_vocab_size(shape.vocabulary)
    writer.add_file_type(kind)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)


def end_with(writer: gguf.GGUFWriter, token: int) -> None:
    """One token ends, pads and, for readers that insist on one, begins; none is added to a text by itself."""
    writer.add_eos_token_id(token)
    writer.add_pad_token_id(token)
    writer.add_bos_token_id(token)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)


def finish(writer: gguf.GGUFWriter) -> None:
    """Writes everything that was added, and closes the file."""
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
