// Linear recurrences s = G s + b along time, and their gradients. States are SIZE numbers, gates GATES; the parts of a
// complex number are tensors of their own (x and xi), others lie `hop` apart. A work-item goes through WIDTH
// neighbouring channels. Steps are counted in the order of the walk, which for a gradient is the other way.

#if COMPLEX
#define INS(x) IN(T, x), IN(T, x##i)
#define OUTS(x) OUT(T, x), OUT(T, x##i)
#define OPENS(x) OPEN(T, x); OPEN(T, x##i)
#define OPENS_OUT(x) OPEN_OUT(T, x); OPEN_OUT(T, x##i)
#define PART(x, p, at, apart) ((p) ? x##i : x)[at]
#else
#define INS(x) IN(T, x)
#define OUTS(x) OUT(T, x)
#define OPENS(x) OPEN(T, x)
#define OPENS_OUT(x) OPEN_OUT(T, x)
#define PART(x, p, at, apart) x[(at) + (p) * (apart)]
#endif

#ifdef IS_F32
#define LEAST FLT_MIN
#else
#define LEAST DBL_MIN
#endif

#if INITIAL
#define START , INS(s0)
#define OPEN_START OPENS(s0)
#define STARTS(p, at) PART(s0, p, at, hop)
#else
#define START
#define OPEN_START
#define STARTS(p, at) ((T) 0)
#endif
#if BEFORE
#define FIRST , INS(h0)
#define OPEN_FIRST OPENS(h0)
#define FIRSTS(p, at) PART(h0, p, at, hop)
#else
#define FIRST
#define OPEN_FIRST
#define FIRSTS(p, at) ((T) 0)
#endif

#define LAYOUT \
  __global char* work_, const long workAt, const long16 sizes_, const long16 strides_, const long axes, \
  const long outers, const long n, const long inner, const long middle, const long stride, const long hop, \
  const long gateStep, const long gateHop, const long shared, const long length, const long pieces

// Where the channels of a work-item start: states, states of one time, gates.
#define CHANNELS \
  __global T* work = (__global T*) (work_ + workAt); \
  ARRAY16(sizes, sizes_); \
  ARRAY16(strides, strides_); \
  const long tiles = (inner + WIDTH - 1) / WIDTH; \
  const long outer = get_global_id(0) / tiles; \
  if (outer >= outers) return; \
  const long first = get_global_id(0) % tiles * WIDTH; \
  const long width = min((long) WIDTH, inner - first); \
  const long home = outer / middle * stride + outer % middle * inner + first; \
  const long start = outer / middle * n * stride + outer % middle * inner + first; \
  long gates = shared ? 0 : first; \
  for (long i = 0, rest = outer; i < axes; i++) { \
    gates += rest % sizes[i] * strides[i]; \
    rest /= sizes[i]; \
  } \
  const long lane = shared ? 0 : 1; \
  const long runs = outers * inner; \
  const long run = outer * inner + first

#define ROW(i) (REVERSE ? n - 1 - (i) : (i))

inline T flushed(const T s) { return fabs(s) < LEAST ? (T) 0 : s; }

// What a gate makes of a state, for gradients the transposed or conjugate gate.
inline void times(const T* g, const T* s, T* to) {
#if COMPLEX
  const T im = GRAD ? -g[1] : g[1];
  to[0] = g[0] * s[0] - im * s[1];
  to[1] = g[0] * s[1] + im * s[0];
#else
  for (int i = 0; i < SIZE; i++) {
    T sum = 0;
    for (int j = 0; j < SIZE; j++) sum = fma(g[GRAD ? j * SIZE + i : i * SIZE + j], s[j], sum);
    to[i] = sum;
  }
#endif
}

// A step of the walk.
inline void advance(const T* g, const T* b, T* s) {
  T x[SIZE], y[SIZE];
  for (int p = 0; p < SIZE; p++) x[p] = GRAD && !EXCLUSIVE ? s[p] + b[p] : s[p];
  times(g, x, y);
  for (int p = 0; p < SIZE; p++) s[p] = flushed(GRAD && !EXCLUSIVE ? y[p] : y[p] + b[p]);
}

#define READ(i, c) \
  T g[GATES], b[SIZE]; \
  for (int p = 0; p < GATES; p++) g[p] = PART(a, p, gates + ROW(i) * gateStep + (c) * lane, gateHop); \
  for (int p = 0; p < SIZE; p++) b[p] = PART(x, p, start + ROW(i) * stride + (c), hop)

// Number `p` of a piece and channel: GATES that it multiplies by, SIZE that it adds, SIZE of the state before it.
#define WORK(piece, p, c) work[((piece) * (GATES + 2 * SIZE) + (p)) * runs + run + (c)]

kernel void totals(INS(a), INS(x), LAYOUT) {
  OPENS(a);
  OPENS(x);
  CHANNELS;
  const long piece = get_global_id(1);
  for (long c = 0; c < width; c++) {
    T m[GATES], s[SIZE];
    for (int p = 0; p < GATES; p++) m[p] = COMPLEX ? p == 0 : p % (SIZE + 1) == 0;
    for (int p = 0; p < SIZE; p++) s[p] = 0;
    for (long i = piece * length; i < min(n, (piece + 1) * length); i++) {
      READ(i, c);
      advance(g, b, s);
#if COMPLEX || SIZE == 1
      T y[SIZE];
      times(g, m, y);
      for (int p = 0; p < SIZE; p++) m[p] = flushed(y[p]);
#else
      for (int j = 0; j < SIZE; j++) {
        T v[SIZE], y[SIZE];
        for (int p = 0; p < SIZE; p++) v[p] = m[p * SIZE + j];
        times(g, v, y);
        for (int p = 0; p < SIZE; p++) m[p * SIZE + j] = flushed(y[p]);
      }
#endif
    }
    for (int p = 0; p < GATES; p++) WORK(piece, p, c) = m[p];
    for (int p = 0; p < SIZE; p++) WORK(piece, GATES + p, c) = s[p];
  }
}

// States before pieces. Where one is not finite, which steps may be though what they make together is not, and the
// other way round, the steps decide.
kernel void starts(INS(a), INS(x) START, LAYOUT) {
  OPENS(a);
  OPENS(x);
  OPEN_START;
  CHANNELS;
  for (long c = 0; c < width; c++) {
    T s[SIZE];
    for (int p = 0; p < SIZE; p++) s[p] = STARTS(p, home + c);
    for (long piece = 0; piece < pieces; piece++) {
      T y[SIZE];
      bool finite = true;
      for (int p = 0; p < SIZE; p++) WORK(piece, GATES + SIZE + p, c) = s[p];
#if COMPLEX
      const T re = WORK(piece, 0, c), im = WORK(piece, 1, c);
      y[0] = re * s[0] - im * s[1] + WORK(piece, 2, c);
      y[1] = re * s[1] + im * s[0] + WORK(piece, 3, c);
#else
      for (int p = 0; p < SIZE; p++) {
        T sum = WORK(piece, GATES + p, c);
        for (int j = 0; j < SIZE; j++) sum = fma(WORK(piece, p * SIZE + j, c), s[j], sum);
        y[p] = sum;
      }
#endif
      for (int p = 0; p < SIZE; p++) finite = finite && isfinite(y[p]);
      if (finite) {
        for (int p = 0; p < SIZE; p++) s[p] = flushed(y[p]);
      } else {
        for (long i = piece * length; i < min(n, (piece + 1) * length); i++) {
          READ(i, c);
          advance(g, b, s);
        }
      }
    }
  }
}

#if GRAD
kernel void apply(
    INS(a), INS(x) START, INS(h) FIRST, OUTS(da), OUTS(db), OUTS(last), LAYOUT, const long wholeStep) {
  OPENS(h);
  OPEN_FIRST;
  OPENS_OUT(da);
  OPENS_OUT(db);
#else
kernel void apply(INS(a), INS(x) START, OUTS(h), OUTS(last), LAYOUT, const long wholeStep) {
  OPENS_OUT(h);
#endif
  OPENS(a);
  OPENS(x);
  OPEN_START;
  OPENS_OUT(last);
  CHANNELS;
  T s[WIDTH][SIZE];
  const long piece = get_global_id(1);
  for (long c = 0; c < width; c++) {
    for (int p = 0; p < SIZE; p++) s[c][p] = pieces > 1 ? WORK(piece, GATES + SIZE + p, c) : STARTS(p, home + c);
  }
  for (long i = piece * length; i < min(n, (piece + 1) * length); i++) {
    const long row = start + ROW(i) * stride;
    for (long c = 0; c < width; c++) {
      READ(i, c);
#if GRAD
      const long whole = (outer / middle * n + ROW(i)) * wholeStep + outer % middle * inner + first + c;
      T d[SIZE], old[SIZE];
      for (int p = 0; p < SIZE; p++) {
        d[p] = EXCLUSIVE ? s[c][p] : s[c][p] + b[p];
        if (EXCLUSIVE) {
          old[p] = PART(h, p, row + c, hop);
        } else if (i < n - 1) {
          old[p] = PART(h, p, start + ROW(i + 1) * stride + c, hop);
        } else {
          old[p] = FIRSTS(p, home + c);
        }
        PART(db, p, row + c, hop) = d[p];
      }
#if COMPLEX
      da[whole] = d[0] * old[0] + d[1] * old[1];
      dai[whole] = d[1] * old[0] - d[0] * old[1];
#else
      for (int p = 0; p < GATES; p++) da[whole + p * hop] = d[p / SIZE] * old[p % SIZE];
#endif
      advance(g, b, s[c]);
#else
      for (int p = 0; p < SIZE && EXCLUSIVE; p++) PART(h, p, row + c, hop) = s[c][p];
      advance(g, b, s[c]);
      for (int p = 0; p < SIZE && !EXCLUSIVE; p++) PART(h, p, row + c, hop) = s[c][p];
#endif
    }
  }
  if (piece == pieces - 1) {
    for (long c = 0; c < width; c++) {
      for (int p = 0; p < SIZE; p++) PART(last, p, home + c, hop) = s[c][p];
    }
  }
}
