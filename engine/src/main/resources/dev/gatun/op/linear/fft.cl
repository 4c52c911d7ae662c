// Discrete Fourier transforms of rows by Stockham's passes: of radix P with `s` elements transformed so far, element
// j + r n / P times the twiddle factor e^(-2 pi i k r / (s P)), k = j mod s, for all r, becomes the transform of length P
// that lies at j / s * s P + k + r s. No permutation, any factors; the radix-4 and radix-2 passes run in vectors.
#ifdef cl_khr_fp64
#define S double
#else
#define S T
#endif

// Work memory of numbers T: planes of real parts and, `plane` elements on, of imaginary ones.
#define WORK(x) __global char* x##_, const long x##At
#define OPEN_WORK(x) __global T* x = (__global T*) (x##_ + x##At)

// e^(-2 pi i t / n), whole turns and eighths taken off exactly.
inline void root(long t, const long n, __global T* re, __global T* im) {
  t %= n;
  const long eighth = 8 * t / n;
  // Within an eighth of a turn of the nearest axis.
  const long quarter = (eighth + 1) / 2;
  const S x = (S) (4 * t - quarter * n) / (S) (2 * n);
  const S c = cospi(x);
  const S s = sinpi(x);
  const long q = quarter & 3;
  *re = (T) (q == 0 ? c : q == 1 ? -s : q == 2 ? -c : s);
  *im = (T) -(q == 0 ? s : q == 1 ? c : q == 2 ? -s : -c);
}

// Twiddle factors of a pass, k from 0 to `width` for each r from 1 on (k repeats with period s), then the roots of P.
kernel void twiddles(WORK(table), const long plane, const long at, const long s, const long width, const long p) {
  OPEN_WORK(table);
  const long e = get_global_id(0);
  if (e >= width * (p - 1) + p) return;
  __global T* w = table + at + e;
  if (e < width * (p - 1)) root(e % width % s * (e / width + 1), s * p, w, w + plane);
  else root(e - width * (p - 1), p, w, w + plane);
}

// One group of butterflies of radix 4 or 2: v are LANES elements each, times their twiddle factors unless s is 1.
#define TIMES(r) \
  { \
    const V c = LOAD(w + (r - 1) * width); \
    const V n = LOAD(w + (r - 1) * width + wplane); \
    const V x = re##r; \
    re##r = x * c - im##r * n; \
    im##r = x * n + im##r * c; \
  }

// Where the lanes of result r go: runs of s, P s apart.
inline void spread(const V v, __global T* y, const long j, const long r, const long s, const long p) {
#if LANES > 1
  if (s >= LANES) {
    STORE(v, y + j / s * s * p + j % s + r * s);
    return;
  }
#endif
  T some[LANES];
  STORE(v, some);
  for (int l = 0; l < LANES; l++) y[(j + l) / s * s * p + (j + l) % s + r * s] = some[l];
}

inline void pass4(
    __global const T* x, __global T* y, const long n, const long s, __global const T* table, const long plane,
    const long wplane, const long width, const long from, const long to) {
  const long m = n / 4;
  for (long j = from; j < to; j += LANES) {
    V re0 = LOAD(x + j), im0 = LOAD(x + j + plane);
    V re1 = LOAD(x + j + m), im1 = LOAD(x + j + m + plane);
    V re2 = LOAD(x + j + 2 * m), im2 = LOAD(x + j + 2 * m + plane);
    V re3 = LOAD(x + j + 3 * m), im3 = LOAD(x + j + 3 * m + plane);
    if (s > 1) {
      __global const T* w = table + j % width;
      TIMES(1)
      TIMES(2)
      TIMES(3)
    }
    const V a = re0 + re2, b = im0 + im2, c = re0 - re2, d = im0 - im2;
    const V e = re1 + re3, f = im1 + im3, g = re1 - re3, h = im1 - im3;
    spread(a + e, y, j, 0, s, 4);
    spread(b + f, y + plane, j, 0, s, 4);
    spread(c + h, y, j, 1, s, 4);
    spread(d - g, y + plane, j, 1, s, 4);
    spread(a - e, y, j, 2, s, 4);
    spread(b - f, y + plane, j, 2, s, 4);
    spread(c - h, y, j, 3, s, 4);
    spread(d + g, y + plane, j, 3, s, 4);
  }
}

inline void pass2(
    __global const T* x, __global T* y, const long n, const long s, __global const T* table, const long plane,
    const long wplane, const long width, const long from, const long to) {
  const long m = n / 2;
  for (long j = from; j < to; j += LANES) {
    V re0 = LOAD(x + j), im0 = LOAD(x + j + plane);
    V re1 = LOAD(x + j + m), im1 = LOAD(x + j + m + plane);
    if (s > 1) {
      __global const T* w = table + j % width;
      TIMES(1)
    }
    spread(re0 + re1, y, j, 0, s, 2);
    spread(im0 + im1, y + plane, j, 0, s, 2);
    spread(re0 - re1, y, j, 1, s, 2);
    spread(im0 - im1, y + plane, j, 1, s, 2);
  }
}

// Any radix, one result after the other.
inline void pass(
    __global const T* x, __global T* y, const long n, const long s, const long p, __global const T* table,
    const long plane, const long wplane, const long width, const long from, const long to) {
  const long m = n / p;
  __global const T* roots = table + width * (p - 1);
  for (long j = from; j < to; j++) {
    const long k = j % s;
    __global T* to_y = y + j / s * s * p + k;
    for (long r = 0; r < p; r++) {
      T re = x[j];
      T im = x[j + plane];
      long turn = 0;
      for (long q = 1; q < p; q++) {
        turn += r;
        turn -= turn >= p ? p : 0;
        T a = x[j + q * m];
        T b = x[j + q * m + plane];
        if (s > 1) {
          const T c = table[(q - 1) * width + k];
          const T d = table[(q - 1) * width + k + wplane];
          const T t = a * c - b * d;
          b = a * d + b * c;
          a = t;
        }
        re += a * roots[turn] - b * roots[turn + wplane];
        im += a * roots[turn + wplane] + b * roots[turn];
      }
      to_y[r * s] = re;
      to_y[r * s + plane] = im;
    }
  }
}

inline void pass_of(
    __global const T* x, __global T* y, const long n, const long s, const long p, __global const T* table,
    const long plane, const long wplane, const long width, const long from, const long to) {
  const bool lanes = LANES == 1 || ((s % LANES == 0 || LANES % s == 0) && n / p % LANES == 0);
  if (p == 4 && lanes) pass4(x, y, n, s, table, plane, wplane, width, from, to);
  else if (p == 2 && lanes) pass2(x, y, n, s, table, plane, wplane, width, from, to);
  else pass(x, y, n, s, p, table, plane, wplane, width, from, to);
}

// All passes of a row, to and fro between a and b.
kernel void rows(
    WORK(table), WORK(a), WORK(b), const long wplane, const long plane, const long count, const long n,
    const long passes, const long16 radix_, const long16 width_, const long16 at_) {
  OPEN_WORK(table);
  OPEN_WORK(a);
  OPEN_WORK(b);
  const long row = get_global_id(0);
  if (row >= count) return;
  ARRAY16(radix, radix_);
  ARRAY16(width, width_);
  ARRAY16(at, at_);
  __global T* x = a + row * n;
  __global T* y = b + row * n;
  long s = 1;
  for (long i = 0; i < passes; i++) {
    pass_of(x, y, n, s, radix[i], table + at[i], plane, wplane, width[i], 0, n / radix[i]);
    __global T* t = x;
    x = y;
    y = t;
    s *= radix[i];
  }
}

// One pass of all rows.
kernel void one_pass(
    WORK(table), WORK(a), WORK(b), const long wplane, const long plane, const long n, const long s, const long p,
    const long width, const long at) {
  OPEN_WORK(table);
  OPEN_WORK(a);
  OPEN_WORK(b);
  const long j = get_global_id(0);
  if (j >= n / p) return;
  const long row = get_global_id(1) * n;
  pass_of(a + row, b + row, n, s, p, table + at, plane, wplane, width, j, j + 1);
}

// 0, or NaN if an element is not finite: then all of the transform is.
inline T nan_unless_finite(__global const T* x, const long n) {
  T s = 0;
  for (long i = 0; i < n; i++) s += x[i] * 0;
  return s;
}

// Rows of `length` elements, and zeros up to n; the imaginary parts are those of `im`, or 0. Inverse transforms are
// those of exchanged parts.
kernel void pack(
    IN(T, re_), IN(T, im_), WORK(a), const long plane, const long rows, const long length, const long n,
    const long isReal, const long inverse) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  __global const T* re = re__buffer + re__first + row * length;
  __global const T* im = im__buffer + im__first + row * length;
  __global T* x = a + row * n + (inverse ? plane : 0);
  __global T* y = a + row * n + (inverse ? 0 : plane);
  const T nan = nan_unless_finite(re, length) + (isReal ? (T) 0 : nan_unless_finite(im, length));
  for (long i = 0; i < length; i++) x[i] = re[i] + nan;
  for (long i = length; i < n; i++) x[i] = 0;
  for (long i = 0; i < n; i++) y[i] = isReal || i >= length ? 0 : im[i] + nan;
}

kernel void unpack(
    WORK(a), OUT(T, re), OUT(T, im), const long plane, const long rows, const long length, const long n,
    const long inverse, const T scale) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  __global const T* x = a + row * n + (inverse ? plane : 0);
  __global const T* y = a + row * n + (inverse ? 0 : plane);
  for (long i = 0; i < length; i++) {
    re_buffer[re_first + row * length + i] = x[i] * scale;
    im_buffer[im_first + row * length + i] = y[i] * scale;
  }
}

// The first half of the transform of real rows; those of its edges are real.
kernel void unpack_half(
    WORK(a), OUT(T, re), OUT(T, im), const long plane, const long rows, const long n, const T edge, const T inner) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  const long h = n / 2 + 1;
  for (long k = 0; k < h; k++) {
    const bool isEdge = k == 0 || 2 * k == n;
    const T x = a[row * n + k];
    re_buffer[re_first + row * h + k] = x * (isEdge ? edge : inner);
    im_buffer[im_first + row * h + k] = isEdge ? x * 0 : a[row * n + k + plane] * inner;
  }
}

// The whole of a spectrum from its first half, parts exchanged.
kernel void pack_half(
    IN(T, re_), IN(T, im_), WORK(a), const long plane, const long rows, const long n, const T edge, const T inner) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  const long h = n / 2 + 1;
  __global const T* re = re__buffer + re__first + row * h;
  __global const T* im = im__buffer + im__first + row * h;
  T nan = nan_unless_finite(re, h);
  for (long k = 0; k < h; k++) nan += k == 0 || 2 * k == n ? 0 : im[k] * 0;
  __global T* x = a + row * n + plane;
  __global T* y = a + row * n;
  for (long k = 0; k < h; k++) {
    const bool isEdge = k == 0 || 2 * k == n;
    const T v = re[k] * (isEdge ? edge : inner) + nan;
    const T w = isEdge ? 0 : im[k] * inner + nan;
    const long other = k == 0 ? 0 : n - k;
    x[k] = v;
    y[k] = w;
    x[other] = v;
    y[other] = isEdge ? w : -w;
  }
}

kernel void unpack_real(WORK(a), OUT(T, y), const long plane, const long rows, const long n) {
  OPEN_WORK(a);
  const long row = get_global_id(0);
  if (row >= rows) return;
  for (long i = 0; i < n; i++) y_buffer[y_first + row * n + i] = a[row * n + i + plane];
}
