// Attention of a batch's tokens to the cells that they see, for processors with AVX-512.
//
// In a fan most cells are seen by all candidates, and each candidate's own by it alone. So what several
// rows see is converted, and turned, once for all of them: a register holds one number of sixteen cells,
// or sixteen numbers of one. What a row sees few cells of is computed cell by cell, and what it sees
// nothing of is passed over. All sums are single precision; the softmax is rescaled as cells come (Milakov,
// Gimelshein: Online normalizer calculation for softmax, 2018).

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__F16C__)
#define HAS_FAN_ATTENTION

extern "C" {
// By this name the engine knows that attention is computed so.
GGML_BACKEND_API const int jupyter_sim_fan_attention;
const int jupyter_sim_fan_attention = 1;
}

class FanAttention {
  public:
    FanAttention(const ggml_compute_params *params, ggml_tensor *dst)
        : params(params), dst(dst), q(dst->src[0]), k(dst->src[1]), v(dst->src[2]), mask(dst->src[3]),
          sinks(dst->src[4]), keys(k->ne[0]), values(v->ne[0]), cells(k->ne[1]), tokens(q->ne[1]),
          shared(q->ne[2] / k->ne[2]) {
        memcpy(&scale, (const float *)dst->op_params + 0, sizeof(float));
        memcpy(&bias, (const float *)dst->op_params + 1, sizeof(float));
        memcpy(&cap, (const float *)dst->op_params + 2, sizeof(float));
        if (cap != 0.0f) scale /= cap;
    }

    bool fits() const {
        return q->type == GGML_TYPE_F32 && k->type == GGML_TYPE_F16 && v->type == GGML_TYPE_F16 && mask &&
               mask->type == GGML_TYPE_F16 && q->ne[3] == 1 && k->ne[3] == 1 && mask->ne[2] == 1 &&
               k->ne[2] == v->ne[2] && keys % LANES == 0 && values % LANES == 0 && keys <= MOST &&
               values <= MOST && cells % CELLS == 0 && shared <= ROWS && q->nb[0] == sizeof(float) &&
               k->nb[0] == sizeof(ggml_fp16_t) && v->nb[0] == sizeof(ggml_fp16_t);
    }

    void compute() {
        const int64_t together = ROWS / shared, tiles = (tokens + together - 1) / together;
        for (int64_t job = params->ith; job < k->ne[2] * tiles; job += params->nth) {
            const int64_t first = job % tiles * together;
            tile(job / tiles, first, std::min(together, tokens - first));
        }
    }

  private:
    static constexpr int LANES = 16, CELLS = 32, ROWS = 16, FEW = 12, LONELY = 2, MOST = 512;
    static constexpr short HIDDEN = (short)0xfc00;

    // Which of a block's cells each row sees, and any of them.
    struct Seen {
        __mmask32 by[ROWS], any;
    };

    // What is kept of each row, and of a block's cells. Score: of this block, then what it weighs. Sum: of
    // weighed values; mass: of weights, by lanes; peak: the largest score, all so far. Later: cells that are
    // few in their blocks, and wait to be a block of their own; level: what their scores begin with.
    struct alignas(64) Memory {
        float query[ROWS][MOST + LANES];
        float sum[ROWS][MOST + LANES];
        float key[MOST][CELLS];
        float score[ROWS][CELLS];
        __m512 mass[ROWS];
        float peak[ROWS];
        ggml_fp16_t level[ROWS][CELLS];
        int32_t later[ROWS][CELLS];
        int waiting[ROWS];
    };

    static Memory &memory() {
        static thread_local std::unique_ptr<Memory> own(new Memory);
        return *own;
    }

    void tile(int64_t head, int64_t first, int64_t count) {
        Memory &m = memory();
        const int rows = count * shared;
        for (int row = 0; row < rows; ++row) {
            const float *from = (const float *)((const char *)q->data + (first + row / shared) * q->nb[1] +
                                                (head * shared + row % shared) * q->nb[2]);
            for (int d = 0; d < keys; ++d) m.query[row][d] = scale * from[d];
            begin(m, row);
        }
        Seen now = seen(first, rows, 0), next;
        for (int64_t cell = 0; cell < cells; cell += CELLS, now = next) {
            next = cell + CELLS < cells ? seen(first, rows, cell + CELLS) : Seen();
            fetch(head, cell + CELLS, next.any);
            block(m, now, head, first, rows, cell);
        }
        for (int row = 0; row < rows; ++row) {
            catch_up(m, head, row);
            if (!finite(m, row)) alone(m, head, first + row / shared, row);
            finish(m, head * shared + row % shared, first + row / shared, row);
        }
    }

    void begin(Memory &m, int row) const {
        memset(m.sum[row], 0, values * sizeof(float));
        m.mass[row] = _mm512_setzero_ps();
        m.peak[row] = -INFINITY;
        m.waiting[row] = 0;
    }

    bool finite(const Memory &m, int row) const {
        __m512 nought = _mm512_mul_ps(m.mass[row], _mm512_setzero_ps());
        for (int d = 0; d < values; d += LANES)
            nought = _mm512_fmadd_ps(_mm512_load_ps(m.sum[row] + d), _mm512_setzero_ps(), nought);
        return _mm512_reduce_add_ps(nought) == 0.0f;
    }

    // Beside what a row sees may lie what is infinite or no number, and zero times that is no number either.
    // So here only what it sees is read.
    void alone(Memory &m, int64_t head, int64_t token, int row) const {
        begin(m, row);
        for (int64_t cell = 0; cell < cells; cell += CELLS)
            keep(m, head, row, seen(token, cell), masked(token, cell), cell);
        catch_up(m, head, row);
    }

    __mmask32 seen(int64_t token, int64_t cell) const {
        return _mm512_cmpneq_epi16_mask(_mm512_loadu_si512(masked(token, cell)), _mm512_set1_epi16(HIDDEN));
    }

    Seen seen(int64_t first, int rows, int64_t cell) const {
        Seen found = {};
        for (int row = 0; row < rows; ++row) {
            found.by[row] = seen(first + row / shared, cell);
            found.any |= found.by[row];
        }
        return found;
    }

    // Cells lie far apart, as no processor foresees. (GCC takes a function that only fetches for one without
    // effect, and leaves it out unless inlined.)
    __attribute__((always_inline)) void fetch(int64_t head, int64_t cell, __mmask32 wanted) const {
        for (; wanted; wanted &= wanted - 1) {
            const char *const key = key_of(head, cell + __builtin_ctz(wanted));
            const char *const value = value_of(head, cell + __builtin_ctz(wanted));
            for (int d = 0; d < keys; d += 32) __builtin_prefetch(key + d * sizeof(ggml_fp16_t), 0, 2);
            for (int d = 0; d < values; d += 32) __builtin_prefetch(value + d * sizeof(ggml_fp16_t), 0, 2);
        }
    }

    void block(Memory &m, const Seen &seen, int64_t head, int64_t first, int rows, int64_t cell) const {
        int many[ROWS], some = 0;
        for (int row = 0; row < rows; ++row)
            if (__builtin_popcount(seen.by[row]) > FEW) many[some++] = row;
            else keep(m, head, row, seen.by[row], masked(first + row / shared, cell), cell);
        if (some > LONELY) {
            turn(m, head, cell);
            groups(some, [&](auto n, int at) { scores<n()>(m, many + at); });
        } else {
            for (int i = 0; i < some; ++i)
                scores_alone(m, many[i], CELLS, [&](int i) { return key_of(head, cell + i); });
        }
        for (int i = 0; i < some; ++i)
            weigh(m, head * shared + many[i] % shared, many[i], masked(first + many[i] / shared, cell));
        groups(some, [&](auto n, int at) {
            add<n()>(m, many + at, CELLS, [&](int i) { return value_of(head, cell + i); });
        });
    }

    // Few cells of a block wait until they are many.
    void keep(Memory &m, int64_t head, int row, __mmask32 seen, const ggml_fp16_t *levels, int64_t cell) const {
        if (m.waiting[row] + __builtin_popcount(seen) > CELLS) catch_up(m, head, row);
        for (; seen; seen &= seen - 1) {
            const int place = __builtin_ctz(seen);
            m.level[row][m.waiting[row]] = levels[place];
            m.later[row][m.waiting[row]++] = cell + place;
        }
    }

    void catch_up(Memory &m, int64_t head, int row) const {
        const int count = m.waiting[row];
        if (count == 0) return;
        for (int i = count; i < CELLS; ++i) {
            m.level[row][i] = (ggml_fp16_t)HIDDEN;
            m.later[row][i] = m.later[row][0];
        }
        scores_alone(m, row, count, [&](int i) { return key_of(head, m.later[row][i]); });
        weigh(m, head * shared + row % shared, row, m.level[row]);
        add<1>(m, &row, count, [&](int i) { return value_of(head, m.later[row][i]); });
        m.waiting[row] = 0;
    }

    const char *key_of(int64_t head, int64_t cell) const {
        return (const char *)k->data + cell * k->nb[1] + head * k->nb[2];
    }

    const char *value_of(int64_t head, int64_t cell) const {
        return (const char *)v->data + cell * v->nb[1] + head * v->nb[2];
    }

    template <typename F> static void groups(int count, F each) {
        int at = 0;
        for (; at + 4 <= count; at += 4) each(std::integral_constant<int, 4>(), at);
        if (count - at == 3) each(std::integral_constant<int, 3>(), at);
        if (count - at == 2) each(std::integral_constant<int, 2>(), at);
        if (count - at == 1) each(std::integral_constant<int, 1>(), at);
    }

    const ggml_fp16_t *masked(int64_t token, int64_t cell) const {
        return (const ggml_fp16_t *)((const char *)mask->data + token * mask->nb[1]) + cell;
    }

    static __m512 widened(const void *halves) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)halves)); }

    // Sixteen numbers of each of sixteen cells, as each number of all cells.
    static void turn(const __m512 *a, __m512 *turned) {
        __m512 b[16], c[16];
        for (int i = 0; i < 16; i += 2) {
            b[i] = _mm512_unpacklo_ps(a[i], a[i + 1]);
            b[i + 1] = _mm512_unpackhi_ps(a[i], a[i + 1]);
        }
        for (int i = 0; i < 16; i += 4)
            for (int j = 0; j < 2; ++j) {
                const __m512d one = _mm512_castps_pd(b[i + j]), other = _mm512_castps_pd(b[i + j + 2]);
                c[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(one, other));
                c[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(one, other));
            }
        for (int i = 0; i < 16; i += 8)
            for (int j = 0; j < 4; ++j) {
                b[i + j] = _mm512_shuffle_f32x4(c[i + j], c[i + j + 4], 0x88);
                b[i + j + 4] = _mm512_shuffle_f32x4(c[i + j], c[i + j + 4], 0xdd);
            }
        for (int j = 0; j < 8; ++j) {
            turned[j] = _mm512_shuffle_f32x4(b[j], b[j + 8], 0x88);
            turned[j + 8] = _mm512_shuffle_f32x4(b[j], b[j + 8], 0xdd);
        }
    }

    // The keys of a block's cells, number by number.
    void turn(Memory &m, int64_t head, int64_t cell) const {
        for (int half = 0; half < CELLS; half += LANES)
            for (int d = 0; d < keys; d += LANES) {
                __m512 own[16], turned[16];
                for (int i = 0; i < 16; ++i) own[i] = widened(key_of(head, cell + half + i) + d * sizeof(ggml_fp16_t));
                turn(own, turned);
                for (int i = 0; i < 16; ++i) _mm512_store_ps(m.key[d + i] + half, turned[i]);
            }
    }

    template <int N> void scores(Memory &m, const int *rows) const {
        __m512 low[N], high[N];
        for (int i = 0; i < N; ++i) low[i] = high[i] = _mm512_setzero_ps();
        for (int d = 0; d < keys; ++d) {
            const __m512 one = _mm512_load_ps(m.key[d]), other = _mm512_load_ps(m.key[d] + LANES);
            for (int i = 0; i < N; ++i) {
                const __m512 number = _mm512_set1_ps(m.query[rows[i]][d]);
                low[i] = _mm512_fmadd_ps(number, one, low[i]);
                high[i] = _mm512_fmadd_ps(number, other, high[i]);
            }
        }
        for (int i = 0; i < N; ++i) {
            _mm512_store_ps(m.score[rows[i]], low[i]);
            _mm512_store_ps(m.score[rows[i]] + LANES, high[i]);
        }
    }

    // One row's scores are quicker had than the keys are turned; only the sums are.
    template <typename F> void scores_alone(Memory &m, int row, int count, F key_at) const {
        for (int half = 0; half < CELLS; half += LANES) {
            __m512 own[16], turned[16];
            if (half >= count) {
                _mm512_store_ps(m.score[row] + half, _mm512_setzero_ps());
                continue;
            }
            for (int i = 0; i < 16; ++i) {
                const char *const key = key_at(half + i);
                own[i] = _mm512_setzero_ps();
                for (int d = 0; d < keys; d += LANES)
                    own[i] = _mm512_fmadd_ps(_mm512_load_ps(m.query[row] + d), widened(key + d * sizeof(ggml_fp16_t)),
                                             own[i]);
            }
            turn(own, turned);
            for (int width = 8; width; width /= 2)
                for (int i = 0; i < width; ++i) turned[i] = _mm512_add_ps(turned[i], turned[i + width]);
            _mm512_store_ps(m.score[row] + half, turned[0]);
        }
    }

    // From scores to weights, relative to the largest score so far.
    void weigh(Memory &m, int64_t head, int row, const ggml_fp16_t *levels) const {
        const float slope = this->slope(head);
        __m512 part[2];
        for (int half = 0; half < 2; ++half) {
            part[half] = _mm512_load_ps(m.score[row] + half * LANES);
            if (cap != 0.0f) {
                for (int i = 0; i < LANES; ++i) m.score[row][half * LANES + i] = cap * tanhf(m.score[row][half * LANES + i]);
                part[half] = _mm512_load_ps(m.score[row] + half * LANES);
            }
            part[half] = _mm512_fmadd_ps(_mm512_set1_ps(slope), widened(levels + half * LANES), part[half]);
        }
        const float peak = _mm512_reduce_max_ps(_mm512_max_ps(part[0], part[1]));
        if (peak > m.peak[row]) rescale(m, row, peak);
        const __m512 level = _mm512_set1_ps(m.peak[row]);
        for (int half = 0; half < 2; ++half) {
            const __m512 weight = ggml_v_expf(_mm512_sub_ps(part[half], level));
            _mm512_store_ps(m.score[row] + half * LANES, weight);
            m.mass[row] = _mm512_add_ps(m.mass[row], weight);
        }
    }

    void rescale(Memory &m, int row, float peak) const {
        const __m512 factor = _mm512_set1_ps(m.peak[row] == -INFINITY ? 0.0f : expf(m.peak[row] - peak));
        m.peak[row] = peak;
        m.mass[row] = _mm512_mul_ps(m.mass[row], factor);
        for (int d = 0; d < values; d += LANES)
            _mm512_store_ps(m.sum[row] + d, _mm512_mul_ps(_mm512_load_ps(m.sum[row] + d), factor));
    }

    template <int N, typename F> void add(Memory &m, const int *rows, int count, F value_at) const {
        int d = 0;
        for (; d + 4 * LANES <= values; d += 4 * LANES) add_at<N, 4>(m, rows, d, count, value_at);
        for (; d < values; d += LANES) add_at<N, 1>(m, rows, d, count, value_at);
    }

    template <int N, int WIDE, typename F>
    void add_at(Memory &m, const int *rows, int d, int count, F value_at) const {
        __m512 sum[N][WIDE];
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < WIDE; ++j) sum[i][j] = _mm512_load_ps(m.sum[rows[i]] + d + j * LANES);
        for (int cell = 0; cell < count; ++cell) {
            __m512 value[WIDE];
            for (int j = 0; j < WIDE; ++j) value[j] = widened(value_at(cell) + (d + j * LANES) * sizeof(ggml_fp16_t));
            for (int i = 0; i < N; ++i) {
                const __m512 weight = _mm512_set1_ps(m.score[rows[i]][cell]);
                for (int j = 0; j < WIDE; ++j) sum[i][j] = _mm512_fmadd_ps(weight, value[j], sum[i][j]);
            }
        }
        for (int i = 0; i < N; ++i)
            for (int j = 0; j < WIDE; ++j) _mm512_store_ps(m.sum[rows[i]] + d + j * LANES, sum[i][j]);
    }

    void finish(Memory &m, int64_t head, int64_t token, int row) const {
        float mass = _mm512_reduce_add_ps(m.mass[row]);
        if (sinks) mass += expf(((const float *)sinks->data)[head] - m.peak[row]);
        const __m512 factor = _mm512_set1_ps(mass == 0.0f ? 0.0f : 1.0f / mass);
        float *const to = (float *)((char *)dst->data + (token * dst->ne[1] + head) * dst->nb[1]);
        for (int d = 0; d < values; d += LANES)
            _mm512_storeu_ps(to + d, _mm512_mul_ps(_mm512_load_ps(m.sum[row] + d), factor));
    }

    // How much nearer cells count for more, by head (Press, Smith, Lewis: Train Short, Test Long, 2021).
    float slope(int64_t head) const {
        if (bias <= 0.0f) return 1.0f;
        const int64_t heads = 1 << (int)floor(log2((double)q->ne[2]));
        return head < heads ? powf(powf(2.0f, -bias / heads), head + 1)
                            : powf(powf(2.0f, -bias / 2.0f / heads), 2 * (head - heads) + 1);
    }

    const ggml_compute_params *params;
    ggml_tensor *dst;
    const ggml_tensor *q, *k, *v, *mask, *sinks;
    const int64_t keys, values, cells, tokens, shared;
    float scale, bias, cap;
};

#endif
