// Products of weights in Q8_0 with one or several rows of activations, for processors with AVX-512 VNNI.
//
// Sixteen rows of weights are turned, so that a register holds four neighbouring bytes of each: then one
// instruction adds four products to each of sixteen sums, and nothing has to be added up across a register
// in the end. A block's sums are exact integers. They are scaled and added up block by block, in the same
// order for any number of columns, so activations have the same product alone and among others, to the
// last bit. What was turned for eight columns is kept for those that follow, and the next block is turned
// while one is multiplied, because those are different parts of the processor.
//
// The instruction wants weights without a sign. They get an offset of 128, and what that adds to a sum,
// 128 times the sum of the activations, is where the sum begins, with its sign turned.

#if defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define HAS_SIXTEEN_ROWS

class SixteenRows {
  public:
    SixteenRows(const ggml_compute_params *params, int64_t k, const block_q8_0 *A, int64_t lda,
                const block_q8_0 *B, int64_t ldb, float *C, int64_t ldc)
        : params(params), A(A), B(B), C(C), k(k), lda(lda), ldb(ldb), ldc(ldc) {}

    void matmul(int64_t m, int64_t n) {
        scale(n);
        static thread_local std::vector<Turned> memory;
        if (memory.size() < size_t(k + 1)) memory.resize(k + 1);
        kept = memory.data();
        const int64_t job_rows = rows_of_a_job(m);
        const int64_t jobs = (m + job_rows - 1) / job_rows;
        if (params->ith == 0)
            ggml_threadpool_chunk_set(params->threadpool, params->nth);
        ggml_barrier(params->threadpool);
        for (int64_t job = params->ith; job < jobs; job = ggml_threadpool_chunk_add(params->threadpool, 1)) {
            const int64_t begin = job_rows * job, end = begin + job_rows < m ? begin + job_rows : m;
            for (int64_t first = begin; first < end; first += ROWS)
                rows(first, m, n, coming(first, end, job_rows, m));
        }
        ggml_barrier(params->threadpool);
    }

  private:
    static constexpr int ROWS = 16, COLUMNS = 8, AHEAD = ROWS, LARGEST_JOB = 64;

    // Of a block of activations: its scale, and where each sum begins.
    struct Scale {
        float scale;
        int32_t beginning;
    };

    // A block of each row: number g has bytes 4g to 4g + 3 of each, with an offset of 128.
    struct Turned {
        __m512i fours[8];
        ggml_fp16_t scales[ROWS];
    };

    void scale(int64_t n) {
        static thread_local std::vector<Scale> memory;
        if (memory.size() < size_t(n * k)) memory.resize(n * k);
        scales = memory.data();
        stride = n;
        const __m256i offset = _mm256_set1_epi8(-128);
        for (int64_t l = 0; l < k; ++l)
            for (int64_t j = 0; j < n; ++j) {
                const __m256i fours = _mm256_dpbusd_epi32(_mm256_setzero_si256(), offset,
                                                          _mm256_loadu_si256((const __m256i *)B[ldb * j + l].qs));
                __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
                sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
                sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
                memory[n * l + j] = {unhalf(B[ldb * j + l].d), -_mm_cvtsi128_si32(sum)};
            }
    }

    // Some jobs for each thread, so that none waits long for the last one, of some rows each.
    int64_t rows_of_a_job(int64_t m) const {
        const int64_t share = (m / (4 * params->nth) + ROWS - 1) / ROWS * ROWS;
        return share < ROWS ? ROWS : share < LARGEST_JOB ? share : LARGEST_JOB;
    }

    // The rows to fetch while those from `first` on are multiplied; threads take turns at jobs.
    const block_q8_0 *coming(int64_t first, int64_t end, int64_t job_rows, int64_t m) const {
        const int64_t skipped = first + AHEAD < end ? 0 : job_rows * (params->nth - 1);
        const int64_t row = first + AHEAD + skipped;
        return row + ROWS <= m ? A + lda * row : nullptr;
    }

    void rows(int64_t first, int64_t m, int64_t n, const block_q8_0 *next) const {
        const int64_t count = m - first < ROWS ? m - first : ROWS;
        const block_q8_0 *a[ROWS];
        for (int i = 0; i < ROWS; ++i)
            a[i] = A + lda * (first + (i < count ? i : count - 1));
        for (int64_t j = 0; j < n; j += COLUMNS)
            some<COLUMNS>(n - j < COLUMNS ? n - j : COLUMNS, a, first, count, j, next);
    }

    template <int RN>
    void some(int64_t columns, const block_q8_0 *const (&a)[ROWS], int64_t first, int64_t count, int64_t j,
              const block_q8_0 *next) const {
        if (columns == RN)
            j ? product<RN, false>(a, first, count, j, next) : product<RN, true>(a, first, count, j, next);
        else if constexpr (RN > 1)
            some<RN - 1>(columns, a, first, count, j, next);
    }

    // Turns a block of sixteen rows, in eight steps that other work may stand between.
    class Turn {
      public:
        ALWAYS_INLINE Turn(const block_q8_0 *const (&a)[ROWS], int64_t l, Turned &to) : a(a), l(l), to(to) {}

        template <int STEP> ALWAYS_INLINE void step() {
            constexpr int SIDE = STEP / 4;
            if constexpr (STEP % 4 < 2) {
                r[2 * (STEP % 4)] = pair(8 * SIDE + 2 * (STEP % 4));
                r[2 * (STEP % 4) + 1] = pair(8 * SIDE + 2 * (STEP % 4) + 1);
            } else if constexpr (STEP % 4 == 2) {
                p[0] = _mm512_unpacklo_epi32(r[0], r[1]);
                p[1] = _mm512_unpacklo_epi32(r[2], r[3]);
                p[2] = _mm512_unpackhi_epi32(r[0], r[1]);
                p[3] = _mm512_unpackhi_epi32(r[2], r[3]);
            } else {
                put<SIDE, 0>(_mm512_unpacklo_epi64(p[0], p[1]));
                put<SIDE, 1>(_mm512_unpackhi_epi64(p[0], p[1]));
                put<SIDE, 2>(_mm512_unpacklo_epi64(p[2], p[3]));
                put<SIDE, 3>(_mm512_unpackhi_epi64(p[2], p[3]));
            }
            for (int i = 2 * STEP; i < 2 * STEP + 2; ++i) to.scales[i] = a[i][l].d;
        }

      private:
        ALWAYS_INLINE __m512i pair(int row) const {
            const void *const low = a[row][l].qs, *const high = a[row + 4][l].qs;
            const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)low)),
                                                    _mm256_loadu_si256((const __m256i *)high), 1);
            return _mm512_xor_si512(both, _mm512_set1_epi8(-128));
        }

        template <int SIDE, int G> ALWAYS_INLINE void put(__m512i fours) {
            if constexpr (SIDE) {
                to.fours[G] = _mm512_shuffle_i32x4(half[G], fours, 0x88);
                to.fours[G + 4] = _mm512_shuffle_i32x4(half[G], fours, 0xdd);
            } else {
                half[G] = fours;
            }
        }

        const block_q8_0 *const (&a)[ROWS];
        const int64_t l;
        Turned &to;
        __m512i r[4], p[4], half[4];
    };

    template <int STEP = 0, typename F> static ALWAYS_INLINE void each_step(F work) {
        work(std::integral_constant<int, STEP>());
        if constexpr (STEP < 7) each_step<STEP + 1>(work);
    }

    // Sixteen rows by RN columns; rows beyond the last one are the last one, and left out in the end.
    template <int RN, bool FIRST>
    NOINLINE void product(const block_q8_0 *const (&a)[ROWS], int64_t first, int64_t count, int64_t j0,
                          const block_q8_0 *next) const {
        const block_q8_0 *b = B + ldb * j0;
        __m512 totals[RN] = {};
        if constexpr (FIRST) {
            Turn turn(a, 0, kept[0]);
            each_step([&](auto step) { turn.template step<step()>(); });
        }
        for (int64_t l = 0; l < k; ++l) {
            const Scale *scale = scales + stride * l + j0;
            __m512i sums[RN];
            for (int j = 0; j < RN; ++j)
                sums[j] = _mm512_set1_epi32(scale[j].beginning);
            const auto add = [&](int g) {
                const __m512i four_each = kept[l].fours[g];
                for (int j = 0; j < RN; ++j) {
                    int32_t four;
                    memcpy(&four, b[ldb * j + l].qs + 4 * g, sizeof(four));
                    sums[j] = _mm512_dpbusd_epi32(sums[j], four_each, _mm512_set1_epi32(four));
                }
            };
            if constexpr (FIRST) {
                if (next) fetch_rows<ROWS>(next, lda, k, l, 1);
                Turn turn(a, l + 1 < k ? l + 1 : l, kept[l + 1]);
                each_step([&](auto step) {
                    add(step());
                    turn.template step<step()>();
                });
            } else {
                each_step([&](auto step) { add(step()); });
            }
            const __m512 da = _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)kept[l].scales));
            for (int j = 0; j < RN; ++j)
                totals[j] = _mm512_fmadd_ps(_mm512_mul_ps(da, _mm512_set1_ps(scale[j].scale)),
                                            _mm512_cvtepi32_ps(sums[j]), totals[j]);
        }
        const __mmask16 mask = (1u << count) - 1;
        for (int j = 0; j < RN; ++j)
            _mm512_mask_storeu_ps(C + ldc * (j0 + j) + first, mask, totals[j]);
    }

    const ggml_compute_params *const params;
    const block_q8_0 *const A;
    const block_q8_0 *const B;
    float *const C;
    const int64_t k, lda, ldb, ldc;
    const Scale *scales = nullptr;
    Turned *kept = nullptr;
    int64_t stride = 0;
};
#endif
