// Matrix products y = activation(a b + bias). The matrix b lies in panels of 32 columns, [panel][k][32], filled up
// with zeros: so a work-item reads it in order, whatever it was stored as. T is the type of sums, S that of results.
#define WIDTH 32
#ifndef S
#define S T
#endif

// An operand is a tensor or a piece of work memory.
#define AT(TYPE, x) ((__global TYPE*) (x##_bytes + x##_at))
#define PIECE(x) __global char* x##_bytes, const long x##_at


// Products of bytes: floats are exact for 256 of them, whose sums then go to ints.
#ifdef WHOLE
#define EXACT 256
#define TOTAL int
#if LANES > 1
#define TOTALS CAT(int, LANES)
#define WHOLES CAT(convert_int, LANES)
#endif
#else
#define TOTAL T
#define TOTALS V
#endif

// max(0, x), x Phi(x), x / (1 + e^-x), 1 / (1 + e^-x), tanh, or none.
inline V activated(V x) {
#if defined(ACTIVATION_RELU)
  return x > 0 || isnan(x) ? x : (V) (0);
#elif defined(ACTIVATION_GELU)
  return x == (V) (LOWEST) ? (V) (0) : x * (0.5 * erfc(x * -0.7071067811865476));
#elif defined(ACTIVATION_SILU)
  return x / (1 + exp(-x));
#elif defined(ACTIVATION_SIGMOID)
  return 1 / (1 + exp(-x));
#elif defined(ACTIVATION_TANH)
  return tanh(x);
#else
  return x;
#endif
}

// Sizes of a product: m rows, k terms `outer` times, where a moves by `aOuter`; strides of a and y in elements.
#define M sizes.s0
#define N sizes.s1
#define K sizes.s2
#define OUTER sizes.s3
#define A_OUTER sizes.s4
#define A_ROW sizes.s5
#define A_COLUMN sizes.s6
#define Y_ROW sizes.s7
#define Y_COLUMN sizes.s8
#define Y_BATCH sizes.s9
#define A_FIRST sizes.sa
#define Y_FIRST sizes.sb
#define AXES sizes.sc

#ifdef A_PIECE
#define A_PARAMETER PIECE(a)
#define A_POINTER AT(const T, a)
#else
#define A_PARAMETER IN(T, a)
#define A_POINTER (a_buffer + a_first)
#endif
#ifdef B_PIECE
#define B_PARAMETER PIECE(b)
#define B_POINTER AT(const T, b)
#else
#define B_PARAMETER IN(T, b)
#define B_POINTER (b_buffer + b_first)
#endif
#ifdef Y_PIECE
#define Y_PARAMETER PIECE(y)
#define Y_POINTER AT(S, y)
#else
#define Y_PARAMETER OUT(S, y)
#define Y_POINTER (y_buffer + y_first)
#endif

// Bias: none, 1 a number for each column, 2 for each row.
#if BIAS > 0
#define BIAS_PARAMETER , IN(T, bias)
#else
#define BIAS_PARAMETER
#endif
// Codes of a quantized layer: the sums times (scale of the column times that of the row), each rounded.
#ifdef SCALES
#define SCALE_PARAMETER , IN(float, scale), PIECE(rows), const long scaleStep, const long rowStep
#else
#define SCALE_PARAMETER
#endif
#ifdef FLOAT_BIAS
#define FLOAT_BIAS_PARAMETER , IN(float, added)
#else
#define FLOAT_BIAS_PARAMETER
#endif

#define PARAMETERS                                                                                              \
  A_PARAMETER, B_PARAMETER, Y_PARAMETER BIAS_PARAMETER SCALE_PARAMETER FLOAT_BIAS_PARAMETER, const long16 sizes, \
      const long16 size, const long16 aStride, const long16 bStride, const long16 biasStride

// Where matrix `batch` of each operand starts.
#define OPEN_BATCH(batch)                               \
  ARRAY16(batchSizes, size);                            \
  ARRAY16(aStrides, aStride);                           \
  ARRAY16(bStrides, bStride);                           \
  ARRAY16(biasStrides, biasStride);                     \
  __global const T* a = A_POINTER + A_FIRST;            \
  __global const T* b = B_POINTER;                      \
  __global S* y = Y_POINTER + Y_FIRST + batch * Y_BATCH; \
  long biasAt = 0;                                      \
  long rest = batch;                                    \
  for (int axis = 0; axis < AXES; axis++) {             \
    const long at = rest % batchSizes[axis];            \
    rest /= batchSizes[axis];                           \
    a += at * aStrides[axis];                           \
    b += at * bStrides[axis];                           \
    biasAt += at * biasStrides[axis];                   \
  }

#if defined(SCALES) && defined(FLOAT_BIAS)
#define RESULT(v, i, j) ((float) (v) * (scale[(j) * scaleStep] * rowScales[(i) * rowStep]) + added[j])
#elif defined(SCALES)
#define RESULT(v, i, j) ((float) (v) * (scale[(j) * scaleStep] * rowScales[(i) * rowStep]))
#else
#define RESULT(v, i, j) (v)
#endif

#ifdef ROWS
// ROWS vectors of results in registers, a part of a panel wide. The last rows are computed with those before them where
// there are no more.
kernel void product(PARAMETERS) {
  const long batch = get_global_id(2);
  OPEN_BATCH(batch);
  const long from = get_global_id(0) * ROWS;
  const long j = get_global_id(1) * LANES;
  if (j >= N) return;
  const long i = max(min(from, M - ROWS), 0L);
  V sum[ROWS];
#if BIAS == 1
  __global const T* bias = bias_buffer + bias_first + biasAt;
  T padded[LANES] = {0};
  for (int c = 0; c < LANES && j + c < N; c++) padded[c] = bias[j + c];
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = LOAD(padded);
#elif BIAS == 2
  __global const T* bias = bias_buffer + bias_first + biasAt + i;
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = (V) (bias[r]);
#else
#pragma unroll
  for (int r = 0; r < ROWS; r++) sum[r] = (V) (0);
#endif
  a += i * A_ROW;
  const long row = A_ROW;
#ifdef WHOLE
  b += j / WIDTH * K * WIDTH + j % WIDTH;
  const long outer = (K + EXACT - 1) / EXACT;
#else
  b += j / WIDTH * OUTER * K * WIDTH + j % WIDTH;
  const long outer = OUTER;
#endif
#ifndef WHOLE
  const long k = K;
#endif
#ifdef A_UNIT
  const long column = 1;
#else
  const long column = A_COLUMN;
#endif
#ifdef WHOLE
  TOTALS total[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) total[r] = (TOTALS) (0);
#endif
  for (long o = 0; o < outer; o++) {
#ifdef WHOLE
    __global const T* left = a + o * EXACT * A_COLUMN;
    const long k = min(K - o * EXACT, (long) EXACT);
#else
    __global const T* left = a + o * A_OUTER;
#endif
    for (long l = 0; l < k; l++) {
      const V right = LOAD(b);
#pragma unroll
      for (int r = 0; r < ROWS; r++) sum[r] = fma((V) (left[r * row]), right, sum[r]);
      b += WIDTH;
      left += column;
    }
#ifdef WHOLE
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      total[r] += WHOLES(sum[r]);
      sum[r] = (V) (0);
    }
#endif
  }
#ifdef SCALES
  OPEN(float, scale);
  __global const float* rowScales = AT(const float, rows);
#endif
#ifdef FLOAT_BIAS
  OPEN(float, added);
#endif
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    if (i + r >= from && i + r < M) {
      __global S* to = y + (i + r) * Y_ROW + j * Y_COLUMN;
#ifdef WHOLE
      const TOTALS v = total[r];
#else
      const TOTALS v = activated(sum[r]);
#endif
#ifndef SCALES
      if (j + LANES <= N && Y_COLUMN == 1) {
        STORE(v, to);
      } else
#endif
      {
        TOTAL part[LANES];
        STORE(v, part);
        for (int c = 0; c < LANES && j + c < N; c++) to[c * Y_COLUMN] = RESULT(part[c], i + r, j + c);
      }
    }
  }
}
#endif

#ifdef TILE
// A work-group of 16 x 16 computes 64 x 64 results from tiles in local memory, a work-item 4 x 4 of them that lie 16
// apart, so that neighbours write neighbours.
kernel void tiles(PARAMETERS) {
  const long batch = get_global_id(2);
  OPEN_BATCH(batch);
  const int x = get_local_id(0);
  const int z = get_local_id(1);
  const int id = z * 16 + x;
  const long i0 = get_group_id(1) * 64;
  const long j0 = get_group_id(0) * 64;
  const long terms = OUTER * K;
  const long panels = (N + WIDTH - 1) / WIDTH;
  local T lefts[16][65];
  local T rights[16][64];
#if BIAS > 0
  __global const T* bias = bias_buffer + bias_first + biasAt;
#endif
  T sum[4][4];
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) {
#if BIAS == 1
      sum[r][c] = j0 + x + 16 * c < N ? bias[j0 + x + 16 * c] : 0;
#elif BIAS == 2
      sum[r][c] = i0 + z + 16 * r < M ? bias[i0 + z + 16 * r] : 0;
#else
      sum[r][c] = 0;
#endif
    }
  }
#ifdef WHOLE
  int total[4][4] = {{0}};
#endif
  for (long l = 0; l < terms; l += 16) {
    for (int e = id; e < 1024; e += 256) {
      // Along the axis of a that is in order in memory.
      const int q = A_COLUMN == 1 ? e % 16 : e / 64;
      const int r = A_COLUMN == 1 ? e / 16 : e % 64;
      const long t = l + q;
      const bool in = t < terms && i0 + r < M;
      lefts[q][r] = in ? a[(i0 + r) * A_ROW + t / K * A_OUTER + t % K * A_COLUMN] : 0;
      const long s = l + e / 64;
      const long panel = j0 / WIDTH + e % 64 / WIDTH;
      rights[e / 64][e % 64] = s < terms && panel < panels ? b[(panel * terms + s) * WIDTH + e % WIDTH] : 0;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    const int end = (int) min(16L, terms - l);
    for (int q = 0; q < end; q++) {
      T left[4];
      T right[4];
      for (int r = 0; r < 4; r++) left[r] = lefts[q][z + 16 * r];
      for (int c = 0; c < 4; c++) right[c] = rights[q][x + 16 * c];
      for (int r = 0; r < 4; r++) {
        for (int c = 0; c < 4; c++) sum[r][c] = fma(left[r], right[c], sum[r][c]);
      }
    }
#ifdef WHOLE
    if (l % EXACT == EXACT - 16 || l + 16 >= terms) {
      for (int r = 0; r < 4; r++) {
        for (int c = 0; c < 4; c++) {
          total[r][c] += (int) sum[r][c];
          sum[r][c] = 0;
        }
      }
    }
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#ifdef SCALES
  OPEN(float, scale);
  __global const float* rowScales = AT(const float, rows);
#endif
#ifdef FLOAT_BIAS
  OPEN(float, added);
#endif
  for (int r = 0; r < 4; r++) {
    for (int c = 0; c < 4; c++) {
      const long i = i0 + z + 16 * r;
      const long j = j0 + x + 16 * c;
#ifdef WHOLE
      const TOTAL v = total[r][c];
#else
      const TOTAL v = activated(sum[r][c]);
#endif
      if (i < M && j < N) y[i * Y_ROW + j * Y_COLUMN] = RESULT(v, i, j);
    }
  }
}
#endif
