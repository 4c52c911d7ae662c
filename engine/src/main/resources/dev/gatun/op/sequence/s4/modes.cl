// Sums of geometric series with complex ratios exp(x), and of sequences against them. Powers are made in doubles where
// the device has them, so that the phase of a late step is right.
#ifdef cl_khr_fp64
#define D double
#else
#define D T
#endif

// A power exp(x l) as (re, im).
typedef struct { D re, im; } power;

inline power at(const D re, const D im, const D l) {
  const D size = exp(re * l);
  power p = {size * cos(im * l), size * sin(im * l)};
  return p;
}

inline power times(const power a, const power b) {
  power p = {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  return p;
}

// Numbers below the normal ones would be slow, and are nothing beside a sum.
#ifdef IS_F32
#define NORMAL FLT_MIN
#else
#define NORMAL DBL_MIN
#endif
inline T normal(const T x) { return fabs(x) < NORMAL ? 0 : x; }

#define ITEM (PIECES * STEPS * LANES)

// A work-item tabulates the powers of a mode: exp(x j) of the lanes and exp(x LANES), as T; then, in doubles, exp(x STEPS
// LANES), and the terms that items of the series start with.
kernel void powers(
    IN(T, vr), IN(T, vi), IN(T, xr), IN(T, xi), OUT(T, lanes), OUT(D, starts), const long all, const long items) {
  OPEN(T, vr);
  OPEN(T, vi);
  OPEN(T, xr);
  OPEN(T, xi);
  OPEN_OUT(T, lanes);
  OPEN_OUT(D, starts);
  const long k = get_global_id(0);
  if (k >= all) return;
  const D re = xr[k];
  const D im = xi[k];
  const power one = at(re, im, 1);
  power p = {1, 0};
  __global T* to = lanes + k * (2 * LANES + 2);
  for (int j = 0; j < LANES; j++) {
    to[j] = p.re;
    to[LANES + j] = p.im;
    p = times(p, one);
  }
  to[2 * LANES] = p.re;
  to[2 * LANES + 1] = p.im;
  __global D* start = starts + k * (2 * items + 2);
  const power piece = at(re, im, STEPS * LANES);
  start[0] = piece.re;
  start[1] = piece.im;
  const power item = at(re, im, ITEM);
  power v = {2 * (D) vr[k], 2 * (D) vi[k]};
  for (long j = 1; j <= items; j++) {
    start[2 * j] = v.re;
    start[2 * j + 1] = v.im;
    v = times(v, item);
  }
}

// A work-item makes PIECES times STEPS vectors of a row.
kernel void series(
    IN(T, vr), IN(T, vi), IN(T, xr), IN(T, xi), IN(T, lanes), IN(D, starts), OUT(T, y), const long n, const long length,
    const long items) {
  OPEN(T, vr);
  OPEN(T, vi);
  OPEN(T, xr);
  OPEN(T, xi);
  OPEN(T, lanes);
  OPEN(D, starts);
  OPEN_OUT(T, y);
  const long row = get_global_id(1);
  const long item = get_global_id(0);
  const long first = item * ITEM;
  if (first >= length) return;
  V sums[PIECES * STEPS];
  for (int j = 0; j < PIECES * STEPS; j++) sums[j] = (V) (0);
  T zero = 0;
  for (long k = row * n; k < (row + 1) * n; k++) {
    zero += 0 * xr[k] + 0 * xi[k] + 0 * vr[k] + 0 * vi[k];
    __global const T* lane = lanes + k * (2 * LANES + 2);
    __global const D* start = starts + k * (2 * items + 2);
    const V er = LOAD(lane);
    const V ei = LOAD(lane + LANES);
    const V fr = (V) (lane[2 * LANES]);
    const V fi = (V) (lane[2 * LANES + 1]);
    const power piece = {start[0], start[1]};
    power p = {start[2 * item + 2], start[2 * item + 3]};
    for (int i = 0; i < PIECES; i++) {
      const T pr = normal((T) p.re);
      const T pi = normal((T) p.im);
      V a = pr * er - pi * ei;
      V b = pr * ei + pi * er;
      for (int j = i * STEPS; j < (i + 1) * STEPS; j++) {
        sums[j] += a;
        const V next = a * fr - b * fi;
        b = a * fi + b * fr;
        a = next;
      }
      p = times(p, piece);
    }
  }
  __global T* to = y + row * length;
  for (int j = 0; j < PIECES * STEPS; j++) {
    const long l = first + j * LANES;
    if (l + LANES <= length) {
      STORE(sums[j] + zero, to + l);
    } else {
      T some[LANES];
      STORE(sums[j] + zero, some);
      for (int i = 0; i < LANES; i++) {
        if (l + i < length) to[l + i] = some[i];
      }
    }
  }
}

#define PIECE 64
#ifdef MOMENTS
#define MOMENTS_OUT , OUT(T, mr), OUT(T, mi)
#else
#define MOMENTS_OUT
#endif

// A work-item sums for a vector of modes, piece by piece of the sequence.
kernel void transposed(
    IN(T, u), IN(T, xr), IN(T, xi), OUT(T, sr), OUT(T, si) MOMENTS_OUT, const long length, const long n) {
  OPEN(T, u);
  OPEN(T, xr);
  OPEN(T, xi);
  OPEN_OUT(T, sr);
  OPEN_OUT(T, si);
#ifdef MOMENTS
  OPEN_OUT(T, mr);
  OPEN_OUT(T, mi);
#endif
  const long row = get_global_id(1);
  const long mode = get_global_id(0) * LANES;
  if (mode >= n) return;
  const int count = (int) min((long) LANES, n - mode);
  power now[LANES];
  power far[LANES];
  D sums[LANES][4];
  T er[LANES];
  T ei[LANES];
  for (int j = 0; j < LANES; j++) {
    const long k = row * n + mode + min(j, count - 1);
    const power one = at(xr[k], xi[k], 1);
    er[j] = one.re;
    ei[j] = one.im;
    far[j] = at(xr[k], xi[k], PIECE);
    now[j].re = 1;
    now[j].im = 0;
    for (int i = 0; i < 4; i++) sums[j][i] = 0;
  }
  const V fr = LOAD(er);
  const V fi = LOAD(ei);
  T zero = 0;
  for (long k = row * n; k < (row + 1) * n; k++) zero += 0 * xr[k] + 0 * xi[k];
  for (long from = 0; from < length; from += PIECE) {
    T pr[LANES];
    T pi[LANES];
    for (int j = 0; j < LANES; j++) {
      pr[j] = now[j].re;
      pi[j] = now[j].im;
      now[j] = times(now[j], far[j]);
    }
    V a = LOAD(pr);
    V b = LOAD(pi);
    V s = (V) (0);
    V t = (V) (0);
    V m = (V) (0);
    V o = (V) (0);
    const long end = min(length, from + PIECE);
    for (long l = from; l < end; l++) {
      const T v = u[row * length + l];
      zero += 0 * v;
      s += v * a;
      t += v * b;
#ifdef MOMENTS
      const T lv = (l - from) * v;
      m += lv * a;
      o += lv * b;
#endif
      const V next = a * fr - b * fi;
      b = a * fi + b * fr;
      a = next;
    }
    T parts[4][LANES];
    STORE(s, parts[0]);
    STORE(t, parts[1]);
    STORE(m, parts[2]);
    STORE(o, parts[3]);
    for (int j = 0; j < LANES; j++) {
      sums[j][0] += parts[0][j];
      sums[j][1] += parts[1][j];
      sums[j][2] += (D) parts[2][j] + from * (D) parts[0][j];
      sums[j][3] += (D) parts[3][j] + from * (D) parts[1][j];
    }
  }
  for (int j = 0; j < LANES; j++) {
    if (j >= count) break;
    const long k = row * n + mode + j;
    sr[k] = sums[j][0] + zero;
    si[k] = sums[j][1] + zero;
#ifdef MOMENTS
    mr[k] = sums[j][2] + zero;
    mi[k] = sums[j][3] + zero;
#endif
  }
}
