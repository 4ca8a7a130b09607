"""Changes to llama.cpp on x86, where several rows of a batch are computed at once.

Prefetching: products are computed tile by tile, and a tile reads four rows of weights in
turn. Some processors foresee one stream of memory in a page and not four, and then wait for each
line: on an AMD EPYC two rows took as long as one row twice. So while a tile is computed, the next
one of the same thread is fetched, in the order of memory. No bit of a result changes.

Sixteen rows, with AVX-512 VNNI: weights in Q8_0 are multiplied as `sixteen_rows.h` says, which
takes a fifth of the instructions. A block's sum is exact, as before; blocks are added up in another
order.

Attention, with AVX-512: where flash attention is on, it is computed as `fan_attention.h` says. What
all rows see is read once for all of them, and what a row does not see costs it nothing.

Rows of logits, with AVX-512: `weigh.h` adds functions that weigh them and draw from them, each in
one pass, for `jupyter_sim.engine.native`.

Cells: which of them a sequence has is kept as `sorted.h` says, so that forks and fresh starts cost
little. No result changes.
"""

import hashlib
import shutil
from pathlib import Path

SIXTEEN_ROWS = Path(__file__).with_name("sixteen_rows.h")
FAN_ATTENTION = Path(__file__).with_name("fan_attention.h")
WEIGH = Path(__file__).with_name("weigh.h")
SORTED = Path(__file__).with_name("sorted.h")
LLAMA = Path("vendor", "llama.cpp")
CELLS = LLAMA / "src" / "llama-kv-cells.h"
FOLDER = LLAMA / "ggml" / "src" / "ggml-cpu"
PRODUCTS = FOLDER / "llamafile" / "sgemm.cpp"
OPERATIONS = FOLDER / "ops.cpp"

# A small tile is fetched into the first cache; a large one into the second, to drive nothing out.
# GCC takes a function that only fetches for one without effect, and leaves it out unless inlined.
FETCH = """
#define ALWAYS_INLINE __attribute__((always_inline)) inline

static ALWAYS_INLINE void fetch(const void *from, size_t bytes, bool small) {
    for (size_t line = 0; line < bytes; line += 64) {
        if (small) {
            __builtin_prefetch((const char *)from + line, 0, 3);
        } else {
            __builtin_prefetch((const char *)from + line, 0, 2);
        }
    }
}

template <int ROWS, typename T>
static ALWAYS_INLINE void fetch_rows(
    const T *rows, int64_t stride, int64_t length, int64_t at, int64_t step) {
    const bool small = ROWS * length * sizeof(T) <= 4096;
    if (stride == length) {
        fetch(rows + ROWS * at, ROWS * step * sizeof(T), small);
    } else if (at == 0) {
        for (int row = 0; row < ROWS; ++row)
            fetch(rows + stride * row, length * sizeof(T), small);
    }
}

"""

NEXT = """
    // Threads take turns at jobs of so many rows.
    template <int JOB>
    const TA *next(int64_t ii, int64_t ahead, int64_t m) const {
        const int64_t row = ii + (ahead < JOB ? ahead : JOB * params->nth);
        return row < m ? A + lda * row : nullptr;
    }

    template <int RM, int RN>
    inline void gemm_bloc(int64_t ii, int64_t jj, const TA *coming) {
        D Cv[RN][RM] = {};
        for (int64_t l = 0; l < k; l += KN) {
            if (coming) fetch_rows<RM>(coming, lda, k, l, KN);
"""

# What is there, in the products first for x86, and what takes its place.
INCLUDED = '#include "sgemm.h"\n'
HEADING = "// FLOATING POINT MATRIX MULTIPLICATION\n"
TILE = """
    template <int RM, int RN>
    inline void gemm_bloc(int64_t ii, int64_t jj) {
        D Cv[RN][RM] = {};
        for (int64_t l = 0; l < k; l += KN) {
"""
SCALES = "                __m128 da = _mm_cvtph_ps(_mm_set_epi64x(0, a_delta));\n"
SEVERAL = """    if (n < 2)
        return false;
"""
SEVERAL_OR_SIXTEEN = """#ifdef HAS_SIXTEEN_ROWS
    if (n < 2 && Atype != GGML_TYPE_Q8_0)
#else
    if (n < 2)
#endif
        return false;
"""
CASE = """    case GGML_TYPE_Q8_0: {
        if (Btype != GGML_TYPE_Q8_0)
           return false;
"""
SIXTEEN = """#ifdef HAS_SIXTEEN_ROWS
        SixteenRows{params, k, (const block_q8_0 *)A, lda, (const block_q8_0 *)B, ldb,
                    (float *)C, ldc}.matmul(m, n);
        return true;
#endif
"""
STANDARD = "#include <cmath>\n"
ATTENTION = """void ggml_compute_forward_flash_attn_ext(
        const ggml_compute_params * params,
        ggml_tensor * dst) {
"""
FAN = """#ifdef HAS_FAN_ATTENTION
    if (FanAttention fan(params, dst); fan.fits()) {
        fan.compute();
        return;
    }
#endif
"""
IN_PRODUCTS = {
    INCLUDED: INCLUDED + "#include <type_traits>\n#include <vector>\n",
    HEADING: HEADING + FETCH + f'#include "{SIXTEEN_ROWS.name}"\n\n',
    TILE: NEXT,
    "RN>(ii + bi, jj);": "RN>(ii + bi, jj, jj ? nullptr : next<RM * BM>(ii, bi + RM, m));",
    "RN-1>(ii + bi, jj);": "RN-1>(ii + bi, jj, jj ? nullptr : next<RM * BM>(ii, bi + RM, m));",
    SCALES: SCALES
    + "                if (jj == n0) fetch_rows<4>(A + lda * (ii + 4), lda, k, l, 1);\n",
    SEVERAL: SEVERAL_OR_SIXTEEN,
    CASE: CASE + SIXTEEN,
}
IN_OPERATIONS = {
    STANDARD: STANDARD + "#include <memory>\n#include <type_traits>\n#include <vector>\n",
    ATTENTION: f'#include "{FAN_ATTENTION.name}"\n#include "{WEIGH.name}"\n\n' + ATTENTION + FAN,
}
PLACES = "std::set<std::pair<llama_pos, uint32_t>> "
IN_CELLS = {
    "#include <set>\n": f'#include "{SORTED.name}"\n',
    f"const {PLACES}&": "const SortedRow<std::pair<llama_pos, uint32_t>> &",
    f"{PLACES}seq_pos[": "SortedRow<std::pair<llama_pos, uint32_t>> seq_pos[",
    "std::set<uint32_t> used;": "SortedRow<uint32_t> used;",
}
CHANGES = {PRODUCTS: IN_PRODUCTS, OPERATIONS: IN_OPERATIONS, CELLS: IN_CELLS}
HEADERS = {SIXTEEN_ROWS: PRODUCTS, FAN_ATTENTION: OPERATIONS, WEIGH: OPERATIONS, SORTED: CELLS}


def version() -> str:
    """Return what tells these changes from others."""
    headers = b"".join(header.read_bytes() for header in HEADERS)
    return hashlib.sha256(repr(CHANGES).encode() + headers).hexdigest()


def change(source: Path) -> None:
    """Change llama.cpp in an unpacked llama-cpp-python.

    Raises ValueError with a sentence where it is not as these changes know it.
    """
    texts = {place: _changed(source, place) for place in CHANGES}
    for place, text in texts.items():
        (source / place).write_text(text, encoding="utf-8")
    for header, place in HEADERS.items():
        shutil.copy(header, source / place.parent)


def _changed(source: Path, place: Path) -> str:
    path = source / place
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for old, new in CHANGES[place].items():
        if old not in text:
            raise ValueError(
                f"{source.name} came, and its source is of a version that .ci/kernels.py does not "
                f"know: it expects {old.strip().splitlines()[0]!r} in {place}; renew CHANGES "
                "there, or set VERSION in .ci/build_llama.py to a version that it knows."
            )
        text = text.replace(old, new, 1)
    return text
