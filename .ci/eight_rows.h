// Products of weights in Q8_0 with one or several rows of activations, for processors with AVX-512 VNNI.
//
// Eight rows of weights are turned, so that a register holds four neighbouring bytes of each: then one
// instruction adds four products to each of eight sums, and nothing has to be added up across a register
// in the end. A block's sums are exact integers. They are scaled and added up block by block, in the same
// order for any number of columns, so activations have the same product alone and among others, to the
// last bit.
//
// The instruction wants weights without a sign. They get an offset of 128, and what that adds to a sum,
// 128 times the sum of the activations, is where the sum begins, with its sign turned.

#if defined(__AVX512VNNI__) && defined(__AVX512VL__) && defined(__AVX512BW__)
#define HAS_EIGHT_ROWS

class EightRows {
  public:
    EightRows(const ggml_compute_params *params, int64_t k, const block_q8_0 *A, int64_t lda,
              const block_q8_0 *B, int64_t ldb, float *C, int64_t ldc)
        : params(params), A(A), B(B), C(C), k(k), lda(lda), ldb(ldb), ldc(ldc) {}

    void matmul(int64_t m, int64_t n) {
        scale(n);
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
    static constexpr int ROWS = 8, COLUMNS = 8, AHEAD = 2 * ROWS, LARGEST_JOB = 64;

    // Of a block of activations: its scale, and where each sum begins.
    struct Scale {
        float scale;
        int32_t beginning;
    };

    void scale(int64_t n) {
        static thread_local std::vector<Scale> memory;
        if (memory.size() < size_t(n * k)) memory.resize(n * k);
        scales = memory.data();
        stride = n;
        const __m256i offset = _mm256_set1_epi8(-128);
        for (int64_t l = 0; l < k; ++l)
            for (int64_t j = 0; j < n; ++j) {
                const block_q8_0 *b = B + ldb * j + l;
                const __m256i fours = _mm256_dpbusd_epi32(_mm256_setzero_si256(), offset,
                                                          _mm256_loadu_si256((const __m256i *)b->qs));
                __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(fours), _mm256_extracti128_si256(fours, 1));
                sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4e));
                sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xb1));
                memory[n * l + j] = {unhalf(b->d), -_mm_cvtsi128_si32(sum)};
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
        int64_t j = 0;
        for (; j + COLUMNS <= n; j += COLUMNS)
            product<COLUMNS>(first, m, j, j ? nullptr : next);
        last<COLUMNS - 1>(n - j, first, m, j, j ? nullptr : next);
    }

    template <int RN>
    void last(int64_t left, int64_t first, int64_t m, int64_t j, const block_q8_0 *next) const {
        if (left == RN)
            product<RN>(first, m, j, next);
        else if constexpr (RN > 1)
            last<RN - 1>(left, first, m, j, next);
    }

    // Register g gets bytes 4g to 4g + 3 of each row, with an offset of 128.
    static ALWAYS_INLINE void turn(const block_q8_0 *const (&a)[ROWS], int64_t l, __m256i (&w)[8]) {
        const __m256i offset = _mm256_set1_epi8(-128);
        for (int half = 0; half < 2; ++half) {
            __m256i r[4];
            for (int i = 0; i < 4; ++i) {
                const __m128i low = _mm_loadu_si128((const __m128i *)a[i][l].qs + half);
                const __m128i high = _mm_loadu_si128((const __m128i *)a[i + 4][l].qs + half);
                r[i] = _mm256_xor_si256(_mm256_set_m128i(high, low), offset);
            }
            const __m256i p = _mm256_unpacklo_epi32(r[0], r[1]), q = _mm256_unpacklo_epi32(r[2], r[3]);
            const __m256i s = _mm256_unpackhi_epi32(r[0], r[1]), t = _mm256_unpackhi_epi32(r[2], r[3]);
            w[4 * half + 0] = _mm256_unpacklo_epi64(p, q);
            w[4 * half + 1] = _mm256_unpackhi_epi64(p, q);
            w[4 * half + 2] = _mm256_unpacklo_epi64(s, t);
            w[4 * half + 3] = _mm256_unpackhi_epi64(s, t);
        }
    }

    // Eight rows by RN columns; rows beyond the last one are the last one, and left out in the end.
    template <int RN>
    NOINLINE void product(int64_t first, int64_t m, int64_t j0, const block_q8_0 *next) const {
        const int64_t count = m - first < ROWS ? m - first : ROWS;
        const block_q8_0 *a[ROWS];
        for (int i = 0; i < ROWS; ++i)
            a[i] = A + lda * (first + (i < count ? i : count - 1));
        const block_q8_0 *b = B + ldb * j0;
        __m256 totals[RN] = {};
        for (int64_t l = 0; l < k; ++l) {
            if (next) fetch_rows<ROWS>(next, lda, k, l, 1);
            __m256i w[8];
            turn(a, l, w);
            const __m256 da = _mm256_cvtph_ps(_mm_setr_epi16(a[0][l].d, a[1][l].d, a[2][l].d, a[3][l].d,
                                                             a[4][l].d, a[5][l].d, a[6][l].d, a[7][l].d));
            const Scale *scale = scales + stride * l + j0;
            __m256i sums[RN];
            for (int j = 0; j < RN; ++j)
                sums[j] = _mm256_set1_epi32(scale[j].beginning);
            for (int g = 0; g < 8; ++g)
                for (int j = 0; j < RN; ++j) {
                    int32_t four;
                    memcpy(&four, b[ldb * j + l].qs + 4 * g, sizeof(four));
                    sums[j] = _mm256_dpbusd_epi32(sums[j], w[g], _mm256_set1_epi32(four));
                }
            for (int j = 0; j < RN; ++j)
                totals[j] = _mm256_fmadd_ps(_mm256_mul_ps(da, _mm256_set1_ps(scale[j].scale)),
                                            _mm256_cvtepi32_ps(sums[j]), totals[j]);
        }
        const __mmask8 mask = (1u << count) - 1;
        for (int j = 0; j < RN; ++j)
            _mm256_mask_storeu_ps(C + ldc * (j0 + j) + first, mask, totals[j]);
    }

    const ggml_compute_params *const params;
    const block_q8_0 *const A;
    const block_q8_0 *const B;
    float *const C;
    const int64_t k, lda, ldb, ldc;
    const Scale *scales = nullptr;
    int64_t stride = 0;
};
#endif
