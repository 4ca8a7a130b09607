// Rows of logits: what their columns weigh, and which one a number draws, for processors with AVX-512.
//
// Each is one pass over a row, and a row's result does not depend on those beside it. What is made of a
// row lies in a record: the values of its columns, padded with zeros to whole blocks; its norm, peak and
// top; the sums of its blocks. `jupyter_sim.engine.weights` says what these are, and `passes` beside it does
// the same where this is missing; the constants are theirs.

#if defined(__AVX512F__) && defined(__AVX512DQ__)

class WeighedRow {
  public:
    static constexpr int BLOCK = 256;

    WeighedRow(char *record, int64_t width)
        : width(width), blocks((width + BLOCK - 1) / BLOCK), values((float *)record),
          norm((double *)(values + blocks * BLOCK)), peak((float *)(norm + 1)), top(peak + 1), sums(top + 1) {}

    void weigh(float *logits, const int64_t *mute, std::vector<float> &muted) const {
        for (size_t i = 0; i < muted.size(); ++i) {
            muted[i] = logits[mute[i]];
            logits[mute[i]] = -INFINITY;
        }
        float level = 0.0f;
        double mass = exponentials(logits, level);
        if (fabsf(*peak) > STEEP) {
            level = *peak;
            mass = exponentials(logits, level);
        }
        for (const float logit : muted) mass += exp((double)(logit - level));
        *norm = level + log(mass);
        *top = _mm512_cvtss_f32(exponential(_mm512_set1_ps(*peak - level)));
    }

    // The column at a point of the line on which those that weigh at least `floor` stand, as wide as they are
    // likely. What weighs less as a block has none of them.
    int64_t draw(const float *logits, float floor, float temperature, double chance, std::vector<double> &ends) const {
        const Heights heights{values, logits, _mm512_set1_ps(floor), _mm512_set1_ps(*peak),
                              _mm512_set1_ps(std::max(temperature, COLDEST)), width, temperature == 1.0f};
        double mass = 0.0;
        for (int64_t block = 0; block < blocks; ++block) {
            if (sums[block] >= floor) mass += heights.sum(block * BLOCK);
            ends[block] = mass;
        }
        const double point = std::min(chance, NEARLY_ONE) * mass;
        const int64_t block = std::upper_bound(ends.data(), ends.data() + blocks - 1, point) - ends.data();
        return heights.find(block * BLOCK, point - (block ? ends[block - 1] : 0.0));
    }

  private:
    static constexpr int LANES = 16, TOGETHER = 4;
    static constexpr float STEEP = 40.0f, COLDEST = 1e-10f;
    static constexpr double NEARLY_ONE = 1 - 1e-9;

    // To the last bit or two: a power of 2, and a polynomial that is nearest to what is left of it. Far below
    // 0 it is 0; what is no number stays none.
    static __m512 exponential(__m512 x) {
        const __m512 shift = _mm512_set1_ps(0x1.8p23f);
        x = _mm512_max_ps(_mm512_set1_ps(-150.0f), x);
        const __m512 power = _mm512_sub_ps(_mm512_fmadd_ps(x, _mm512_set1_ps(0x1.715476p0f), shift), shift);
        x = _mm512_fnmadd_ps(power, _mm512_set1_ps(0x1.62e4p-1f), x);
        x = _mm512_fnmadd_ps(power, _mm512_set1_ps(0x1.7f7d1cp-20f), x);
        __m512 sum = _mm512_set1_ps(0x1.6a2344p-10f);
        for (const float factor : {0x1.123a6cp-7f, 0x1.5558f4p-5f, 0x1.555490p-3f, 0x1.fffffcp-2f, 1.0f, 1.0f})
            sum = _mm512_fmadd_ps(sum, x, _mm512_set1_ps(factor));
        return _mm512_scalef_ps(sum, power);
    }

    static __mmask16 within(int64_t column, int64_t width) {
        return column + LANES <= width ? 0xffff : column < width ? (1u << (width - column)) - 1 : 0;
    }

    // Values, sums and peak; returns the sum of all.
    double exponentials(const float *logits, float level) const {
        const int64_t whole = width / BLOCK;
        __m512 largest[TOGETHER];
        for (int i = 0; i < TOGETHER; ++i) largest[i] = _mm512_set1_ps(-INFINITY);
        double mass = 0.0;
        for (int64_t block = 0; block < whole; ++block)
            mass += exponentials(logits, level, block, largest, [](int64_t) { return 0xffff; });
        for (int64_t block = whole; block < blocks; ++block)
            mass += exponentials(logits, level, block, largest, [this](int64_t at) { return within(at, width); });
        *peak = _mm512_reduce_max_ps(
            _mm512_max_ps(_mm512_max_ps(largest[0], largest[1]), _mm512_max_ps(largest[2], largest[3])));
        return mass;
    }

    template <typename F>
    float exponentials(const float *logits, float level, int64_t block, __m512 *largest, F mask) const {
        __m512 sum[TOGETHER] = {};
        for (int64_t column = block * BLOCK; column < (block + 1) * BLOCK; column += TOGETHER * LANES)
            for (int i = 0; i < TOGETHER; ++i) {
                const int64_t at = column + i * LANES;
                const __m512 logit = _mm512_mask_loadu_ps(_mm512_set1_ps(-INFINITY), mask(at), logits + at);
                const __m512 value = exponential(_mm512_sub_ps(logit, _mm512_set1_ps(level)));
                _mm512_storeu_ps(values + at, value);
                largest[i] = _mm512_max_ps(largest[i], logit);
                sum[i] = _mm512_add_ps(sum[i], value);
            }
        sum[0] = _mm512_add_ps(_mm512_add_ps(sum[0], sum[1]), _mm512_add_ps(sum[2], sum[3]));
        return sums[block] = _mm512_reduce_add_ps(sum[0]);
    }

    // What the columns of a block weigh at a temperature; nothing, where that is less than the floor at 1.
    struct Heights {
        const float *values, *logits;
        __m512 floor, peak, temperature;
        int64_t width;
        bool plain;

        __m512 at(int64_t column) const {
            const __m512 value = _mm512_loadu_ps(values + column);
            const __mmask16 kept = within(column, width) & _mm512_cmp_ps_mask(value, floor, _CMP_GE_OQ);
            if (plain) return _mm512_maskz_mov_ps(kept, value);
            const __m512 logit = _mm512_mask_loadu_ps(_mm512_set1_ps(-INFINITY), kept, logits + column);
            return exponential(_mm512_div_ps(_mm512_sub_ps(logit, peak), temperature));
        }

        double sum(int64_t first) const {
            __m512d low = _mm512_setzero_pd(), high = _mm512_setzero_pd();
            for (int64_t column = first; column < first + BLOCK; column += LANES) {
                const __m512 height = at(column);
                low = _mm512_add_pd(low, _mm512_cvtps_pd(_mm512_castps512_ps256(height)));
                high = _mm512_add_pd(high, _mm512_cvtps_pd(_mm512_extractf32x8_ps(height, 1)));
            }
            return _mm512_reduce_add_pd(_mm512_add_pd(low, high));
        }

        // Rounding may point beyond the last column that weighs anything.
        int64_t find(int64_t first, double point) const {
            int64_t found = first;
            for (int64_t column = first; column < first + BLOCK; column += LANES) {
                alignas(64) float height[LANES];
                _mm512_store_ps(height, at(column));
                for (int i = 0; i < LANES; ++i) {
                    if (height[i] > 0.0f) found = column + i;
                    point -= height[i];
                    if (point < 0.0) return found;
                }
            }
            return found;
        }
    };

    const int64_t width, blocks;
    float *const values;
    double *const norm;
    float *const peak, *const top, *const sums;
};

extern "C" {
// Strides, and the size of a record, are in bytes. Mute columns become weightless, but count in the norm.
GGML_BACKEND_API void jupyter_sim_weigh(char *logits, int64_t stride, int64_t rows, int64_t width, char *records,
                                        int64_t size, const int64_t *mute, int64_t count) {
    std::vector<float> muted(count);
    for (int64_t row = 0; row < rows; ++row)
        WeighedRow(records + row * size, width).weigh((float *)(logits + row * stride), mute, muted);
}

GGML_BACKEND_API void jupyter_sim_draw(char *logits, int64_t stride, int64_t rows, int64_t width, char *records,
                                       int64_t size, float temperature, const float *floors, const double *chances,
                                       int64_t *columns) {
    std::vector<double> ends(width / WeighedRow::BLOCK + 1);
    for (int64_t row = 0; row < rows; ++row)
        columns[row] = WeighedRow(records + row * size, width)
                           .draw((float *)(logits + row * stride), floors[row], temperature, chances[row], ends);
}
}

#endif
