// Cauchy sums at the nodes of the bilinear transform, without poles: see BilinearCauchy.
#ifdef cl_khr_fp64
#define D double
#else
#define D T
#endif

// The least |w| of a mode: see BilinearCauchy.
#ifdef IS_F32
#define LEAST 1e-9f
#else
#define LEAST 1e-75
#endif

inline void angles(const long k, const long length, T* c, T* s, T* cLow, T* sLow) {
  const D cos = 2 * k == length ? (D) 0 : cospi((D) k / (D) length);
  const D sin = sinpi((D) k / (D) length);
  *c = (T) cos;
  *s = (T) sin;
  *cLow = (T) (cos - (D) *c);
  *sLow = (T) (sin - (D) *s);
}

// c^2 |w|^2 - 4 s^2 as (c |w| - 2 s) (c |w| + 2 s): the first factor is small at the frequency of a mode, and sees what
// its parts lose by rounding.
inline V real(const V c, const V s, const V cLow, const V sLow, const T size, const T low) {
  const V rest = fma(c, (V) (low), cLow * size) - 2 * sLow;
  return (fma(c, (V) (size), -2 * s) + rest) * fma(c, (V) (size), 2 * s);
}

// Up to LANES elements of x from `at` on; the last one again beyond the end.
inline V some(__global const T* x, const long at, const long end) {
  T part[LANES];
  for (int j = 0; j < LANES; j++) part[j] = x[min(at + j, end - 1)];
  return LOAD(part);
}

// Where the nodes are: cosines, sines, and what those lose by rounding, each [nodes].
kernel void places(OUT(T, table), const long length) {
  OPEN_OUT(T, table);
  const long nodes = length / 2 + 1;
  const long k = get_global_id(0);
  if (k >= nodes) return;
  T place[4];
  angles(k, length, place, place + 1, place + 2, place + 3);
  for (int i = 0; i < 4; i++) table[i * nodes + k] = place[i];
}

// What a mode's terms are made of: its real part, the size and what that loses by rounding, each [groups, n]; then v and
// Re(v conj w) of each product, [rows, n] both; then 0 for each group, or NaN where one of its numbers is not finite.
kernel void modes(
    IN(T, vr), IN(T, vi), IN(T, lr), IN(T, li), IN(T, dt), OUT(T, table), const long n, const long m, const long groups) {
  OPEN(T, vr);
  OPEN(T, vi);
  OPEN(T, lr);
  OPEN(T, li);
  OPEN(T, dt);
  OPEN_OUT(T, table);
  const long group = get_global_id(0);
  if (group >= groups) return;
  const long all = groups * n;
  const D step = dt[group];
  T zero = 0 * dt[group];
  for (long i = group * n; i < (group + 1) * n; i++) {
    const D x = step * lr[i];
    const D y = step * li[i];
    const D size = sqrt(x * x + y * y);
    const T a = (T) x;
    const T b = (T) y;
    zero += hypot(a, b) < (T) LEAST ? NAN_T : 0 * a + 0 * b;
    table[i] = a;
    table[all + i] = (T) size;
    table[2 * all + i] = (T) (size - (D) (T) size);
    for (long r = 0; r < m; r++) {
      const long at = (group * m + r) * n + i - group * n;
      table[3 * all + at] = vr[at];
      table[(3 + m) * all + at] = (T) (vr[at] * x + vi[at] * y);
      zero += 0 * vr[at] + 0 * vi[at];
    }
  }
  table[(3 + 2 * m) * all + group] = zero;
}

#define PRODUCTS 4

// A work-item makes LANES nodes of up to PRODUCTS products of a group, which share the denominators.
kernel void bilinear(
    IN(T, place), IN(T, table), OUT(T, yr), OUT(T, yi), const long n, const long m, const long groups, const long length) {
  OPEN(T, place);
  OPEN(T, table);
  OPEN_OUT(T, yr);
  OPEN_OUT(T, yi);
  const long nodes = length / 2 + 1;
  const long first = get_global_id(0) * LANES;
  if (first >= nodes) return;
  const long each = (m + PRODUCTS - 1) / PRODUCTS;
  const long group = get_global_id(1) / each;
  const long row = group * m + get_global_id(1) % each * PRODUCTS;
  const int count = (int) min((long) PRODUCTS, (group + 1) * m - row);
  const long all = groups * n;
  const V c = some(place, first, nodes);
  const V s = some(place, nodes + first, 2 * nodes);
  const V cLow = some(place, 2 * nodes + first, 3 * nodes);
  const V sLow = some(place, 3 * nodes + first, 4 * nodes);
  const V imaginary = -4 * (s * c);
  V ap[PRODUCTS];
  V aq[PRODUCTS];
  V bp[PRODUCTS];
  V bq[PRODUCTS];
  for (int r = 0; r < PRODUCTS; r++) ap[r] = aq[r] = bp[r] = bq[r] = (V) (0);
  __global const T* v = table + 3 * all + row * n;
  __global const T* dot = v + m * all;
  for (long j = 0; j < n; j++) {
    const long i = group * n + j;
    const V dr = real(c, s, cLow, sLow, table[all + i], table[2 * all + i]);
    const V di = imaginary * table[i];
    const V inverse = 1 / fma(dr, dr, di * di);
    const V p = dr * inverse;
    const V q = di * inverse;
    for (int r = 0; r < PRODUCTS; r++) {
      // Beyond the last product the last one again: no branches among accumulators.
      const long at = min(r, count - 1) * n + j;
      ap[r] = fma((V) (v[at]), p, ap[r]);
      aq[r] = fma((V) (v[at]), q, aq[r]);
      bp[r] = fma((V) (dot[at]), p, bp[r]);
      bq[r] = fma((V) (dot[at]), q, bq[r]);
    }
  }
  const T zero = table[(3 + 2 * m) * all + group];
  for (int r = 0; r < count; r++) {
    const V re = 2 * s * aq[r] - c * bp[r];
    const V im = 2 * s * ap[r] + c * bq[r];
    T part[LANES];
    T others[LANES];
    STORE(2 * (c * re - s * im) + zero, part);
    STORE(2 * (c * im + s * re) + zero, others);
    for (int j = 0; j < LANES && first + j < nodes; j++) {
      yr[(row + r) * nodes + first + j] = part[j];
      yi[(row + r) * nodes + first + j] = others[j];
    }
  }
}

inline T folded(const V v) {
  T some[LANES];
  STORE(v, some);
  T sum = 0;
  for (int j = 0; j < LANES; j++) sum += some[j];
  return sum;
}

// A work-item makes the gradients of one mode, over all products and nodes.
kernel void bilinear_back(
    IN(T, gr), IN(T, gi), IN(T, vr), IN(T, vi), IN(T, lr), IN(T, li), IN(T, dt), OUT(T, dvr), OUT(T, dvi),
    OUT(T, dlr), OUT(T, dli), const long n, const long m, const long length) {
  OPEN(T, gr);
  OPEN(T, gi);
  OPEN(T, vr);
  OPEN(T, vi);
  OPEN(T, lr);
  OPEN(T, li);
  OPEN(T, dt);
  OPEN_OUT(T, dvr);
  OPEN_OUT(T, dvi);
  OPEN_OUT(T, dlr);
  OPEN_OUT(T, dli);
  const long mode = get_global_id(0);
  if (mode >= n) return;
  const long group = get_global_id(1);
  const long nodes = length / 2 + 1;
  const D step = dt[group];
  const D x = step * lr[group * n + mode];
  const D y = step * li[group * n + mode];
  const T a = (T) x;
  const T b = (T) y;
  const D whole = sqrt(x * x + y * y);
  const T size = (T) whole;
  const T low = (T) (whole - (D) size);
  T zero = 0 * dt[group];
  for (long i = group * m * n; i < (group + 1) * m * n; i++) zero += 0 * vr[i] + 0 * vi[i];
  for (long i = group * n; i < (group + 1) * n; i++) zero += fabs(dt[group]) * hypot(lr[i], li[i]) < (T) LEAST ? NAN_T : 0 * lr[i] + 0 * li[i];
  for (long i = group * m * nodes; i < (group + 1) * m * nodes; i++) zero += 0 * gr[i] + 0 * gi[i];
  T da = zero;
  T db = zero;
  for (long r = 0; r < m; r++) {
    const long row = group * m + r;
    const T v = vr[row * n + mode];
    const T u = vi[row * n + mode];
    const T dot = (T) (v * x + u * y);
    V sa = (V) (0);
    V sb = sa;
    V sw = sa;
    V sr = sa;
    for (long k = 0; k < nodes; k += LANES) {
      T cs[LANES];
      T ss[LANES];
      T us[LANES];
      T zs[LANES];
      T lows[LANES];
      T lowers[LANES];
      for (int j = 0; j < LANES; j++) {
        const bool there = k + j < nodes;
        angles(min(k + j, nodes - 1), length, cs + j, ss + j, lows + j, lowers + j);
        us[j] = there ? gr[row * nodes + k + j] : 0;
        zs[j] = there ? gi[row * nodes + k + j] : 0;
      }
      const V c = LOAD(cs);
      const V s = LOAD(ss);
      const V g = LOAD(us);
      const V o = LOAD(zs);
      const V hr = 2 * (g * c + o * s);
      const V hi = 2 * (g * s - o * c);
      const V dr = real(c, s, LOAD(lows), LOAD(lowers), size, low);
      const V di = -4 * (s * c) * a;
      const V inverse = 1 / fma(dr, dr, di * di);
      const V p = dr * inverse;
      const V q = di * inverse;
      const V nr = -c * dot;
      const V ni = 2 * s * v;
      const V fr = nr * p + ni * q;
      const V fi = ni * p - nr * q;
      const V er = hr * p + hi * q;
      const V ei = hi * p - hr * q;
      sa -= 2 * s * ei;
      sb -= c * er;
      sw -= c * c * (er * fr - ei * fi);
      sr -= 4 * s * c * (er * fi + ei * fr);
    }
    const T ddot = folded(sb);
    const T dsquare = folded(sw);
    dvr[row * n + mode] = zero + folded(sa) + a * ddot;
    dvi[row * n + mode] = zero + b * ddot;
    da += v * ddot + 2 * a * dsquare + folded(sr);
    db += u * ddot + 2 * b * dsquare;
  }
  dlr[group * n + mode] = (T) step * da;
  dli[group * n + mode] = (T) step * db;
}

// The gradient of the step, from those of the modes.
kernel void step_back(
    IN(T, lr), IN(T, li), IN(T, dt), OUT(T, dlr), OUT(T, dli), OUT(T, ddt), const long groups, const long n) {
  OPEN(T, lr);
  OPEN(T, li);
  OPEN(T, dt);
  OPEN_OUT(T, dlr);
  OPEN_OUT(T, dli);
  OPEN_OUT(T, ddt);
  const long group = get_global_id(0);
  if (group >= groups) return;
  T sum = 0;
  for (long i = group * n; i < (group + 1) * n; i++) sum += lr[i] * dlr[i] + li[i] * dli[i];
  ddt[group] = sum / dt[group];
}

// A denominator (z - w) (z - conj w), inverted: p - i q; with the term's numerator's half.
#define PAIR(zr, zi)                                     \
  const V d = (zr) - a;                                  \
  const V dr = d * d - ((zi) - b) * ((zi) + b);          \
  const V di = 2 * d * (zi);                             \
  const V inverse = 1 / (dr * dr + di * di);             \
  const V p = dr * inverse;                              \
  const V q = di * inverse;                              \
  const V nr = (zr) * v - dot;                           \
  const V ni = (zi) * v;                                 \
  const V fr = 2 * (nr * p + ni * q);                    \
  const V fi = 2 * (ni * p - nr * q);

#define MODE(at)                   \
  const T a = wr[at];              \
  const T b = wi[at];              \
  const T v = vr[at];              \
  const T u = vi[at];              \
  const T dot = v * a + u * b;

// With e = conj(g) / d.
#define UPSTREAM(gr, gi)                 \
  const V er = (gr) * p - (gi) * q;      \
  const V ei = -((gr) * q + (gi) * p);   \
  const V br = d * fr - zi * fi - v;     \
  const V bi = d * fi + zi * fr;

inline T zeros(__global const T* x, const long from, const long end) {
  T zero = 0;
  for (long i = from; i < end; i++) zero += 0 * x[i];
  return zero;
}

// 0, or NaN where a node is not finite.
kernel void finite(IN(T, zr_), IN(T, zi_), OUT(T, zero), const long nodes) {
  OPEN(T, zr_);
  OPEN(T, zi_);
  OPEN_OUT(T, zero);
  if (get_global_id(0) > 0) return;
  V sum = (V) (0);
  for (long k = 0; k < nodes; k += LANES) sum += 0 * some(zr_, k, nodes) + 0 * some(zi_, k, nodes);
  zero[0] = folded(sum);
}

// A work-item makes LANES nodes of a row.
kernel void sums(
    IN(T, vr), IN(T, vi), IN(T, wr), IN(T, wi), IN(T, zr_), IN(T, zi_), IN(T, spoilt), OUT(T, yr), OUT(T, yi),
    const long n, const long nodes) {
  OPEN(T, vr);
  OPEN(T, vi);
  OPEN(T, wr);
  OPEN(T, wi);
  OPEN(T, zr_);
  OPEN(T, zi_);
  OPEN(T, spoilt);
  OPEN_OUT(T, yr);
  OPEN_OUT(T, yi);
  const long first = get_global_id(0) * LANES;
  if (first >= nodes) return;
  const long row = get_global_id(1);
  const V zr = some(zr_, first, nodes);
  const V zi = some(zi_, first, nodes);
  T zero = spoilt[0];
  V re = (V) (0);
  V im = re;
  for (long j = row * n; j < (row + 1) * n; j++) {
    MODE(j)
    PAIR(zr, zi)
    zero += 0 * a + 0 * b + 0 * v + 0 * u;
    re += fr;
    im += fi;
  }
  T part[LANES];
  T others[LANES];
  STORE(re + zero, part);
  STORE(im + zero, others);
  for (int j = 0; j < LANES; j++) {
    if (first + j >= nodes) return;
    yr[row * nodes + first + j] = part[j];
    yi[row * nodes + first + j] = others[j];
  }
}

#define BACK                                                                                                   \
  IN(T, gr_), IN(T, gi_), IN(T, vr), IN(T, vi), IN(T, wr), IN(T, wi), IN(T, zr_), IN(T, zi_)
#define OPEN_BACK                                                                                              \
  OPEN(T, gr_);                                                                                                \
  OPEN(T, gi_);                                                                                                \
  OPEN(T, vr);                                                                                                 \
  OPEN(T, vi);                                                                                                 \
  OPEN(T, wr);                                                                                                 \
  OPEN(T, wi);                                                                                                 \
  OPEN(T, zr_);                                                                                                \
  OPEN(T, zi_);                                                                                                \
  T zero = zeros(zr_, 0, nodes) + zeros(zi_, 0, nodes) + zeros(gr_, 0, rows * nodes) +                         \
      zeros(gi_, 0, rows * nodes) + zeros(vr, 0, rows * n) + zeros(vi, 0, rows * n) + zeros(wr, 0, rows * n) + \
      zeros(wi, 0, rows * n);

// A work-item makes the gradients of a mode.
kernel void poles_back(
    BACK, OUT(T, dvr), OUT(T, dvi), OUT(T, dwr), OUT(T, dwi), const long rows, const long n, const long nodes) {
  const long j = get_global_id(0);
  if (j >= rows * n) return;
  OPEN_BACK
  OPEN_OUT(T, dvr);
  OPEN_OUT(T, dvi);
  OPEN_OUT(T, dwr);
  OPEN_OUT(T, dwi);
  MODE(j)
  V s0 = (V) (0);
  V s1 = s0;
  V s2 = s0;
  V s3 = s0;
  for (long k = 0; k < nodes; k += LANES) {
    const V zr = some(zr_, k, nodes);
    const V zi = some(zi_, k, nodes);
    T us[LANES];
    T os[LANES];
    for (int i = 0; i < LANES; i++) {
      us[i] = k + i < nodes ? gr_[j / n * nodes + k + i] : 0;
      os[i] = k + i < nodes ? gi_[j / n * nodes + k + i] : 0;
    }
    const V gr = LOAD(us);
    const V gi = LOAD(os);
    PAIR(zr, zi)
    UPSTREAM(gr, gi)
    s0 += er * d - ei * zi;
    s1 += er;
    s2 += er * br - ei * bi;
    s3 += er * (u + b * fr) - ei * (b * fi);
  }
  dvr[j] = zero + 2 * folded(s0);
  dvi[j] = zero - 2 * b * folded(s1);
  dwr[j] = zero + 2 * folded(s2);
  dwi[j] = zero - 2 * folded(s3);
}

// A work-item makes the gradients of LANES nodes.
kernel void nodes_back(BACK, OUT(T, dzr), OUT(T, dzi), const long rows, const long n, const long nodes) {
  const long first = get_global_id(0) * LANES;
  if (first >= nodes) return;
  OPEN_BACK
  OPEN_OUT(T, dzr);
  OPEN_OUT(T, dzi);
  const V zr = some(zr_, first, nodes);
  const V zi = some(zi_, first, nodes);
  V re = (V) (0);
  V im = re;
  for (long row = 0; row < rows; row++) {
    const V gr = some(gr_, row * nodes + first, (row + 1) * nodes);
    const V gi = some(gi_, row * nodes + first, (row + 1) * nodes);
    for (long j = row * n; j < (row + 1) * n; j++) {
      MODE(j)
      PAIR(zr, zi)
      UPSTREAM(gr, gi)
      re += er * br - ei * bi;
      im += er * bi + ei * br;
    }
  }
  T part[LANES];
  T others[LANES];
  STORE(zero - 2 * re, part);
  STORE(zero + 2 * im, others);
  for (int j = 0; j < LANES; j++) {
    if (first + j >= nodes) return;
    dzr[first + j] = part[j];
    dzi[first + j] = others[j];
  }
}
