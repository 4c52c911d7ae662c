// Steps of recurrent cells: a launch for the products with the state, one for what follows element by element.

// Whether row b has a step at time t, and whether that reads the initial state.
#ifdef LENGTHS
#define LENGTHS_PARAMETER IN(LENGTHS, lengths),
#define ACTIVE(t, b) ((t) < lengths_buffer[lengths_first + (b)])
#else
#define LENGTHS_PARAMETER
#define ACTIVE(t, b) true
#endif
#ifdef REVERSE
#define STARTS(t, b) ((t) == steps - 1 || !ACTIVE((t) + 1, b))
#define BEFORE(t) ((t) + 1)
#else
#define STARTS(t, b) ((t) == 0)
#define BEFORE(t) ((t) - 1)
#endif

// An activation by its number, its argument clipped, and its slope from its value y: 0 none, 1 max(0, x),
// 4 1 / (1 + e^-x), 5 tanh.
inline T act(int kind, T x, T clip) {
  const T a = x < -clip ? -clip : x > clip ? clip : x;
  return kind == 1 ? (a > 0 || isnan(a) ? a : (T) 0) : kind == 4 ? 1 / (1 + exp(-a)) : kind == 5 ? tanh(a) : a;
}
inline T act_slope(int kind, T a, T y, T clip) {
  if (!(fabs(a) <= clip)) return 0;
  return kind == 1 ? (y > 0 ? 1 : 0) : kind == 4 ? y * (1 - y) : kind == 5 ? (1 - y) * (1 + y) : (T) 1;
}

kernel void start(IN(T, from), OUT(T, to), const long n) {
  const long i = get_global_id(0);
  if (i < n) to_buffer[to_first + i] = from_buffer[from_first + i];
}

// u[t, b, first + i] = sum_k r[first + i, k] h[hRow + b, k] for `count` rows i of `width`
kernel void dots(
    LENGTHS_PARAMETER IN(T, r), OUT(T, h), OUT(T, u), const long t, const long hRow, const long batch,
    const long width, const long first, const long count, const long n) {
  const long i = get_global_id(0);
  const long b = get_global_id(1);
  if (i >= count) return;
  __global const T* p = r_buffer + r_first + (first + i) * n;
  __global const T* q = h_buffer + h_first + (hRow + b) * n;
  T sum = 0;
  if (ACTIVE(t, b)) {
    long k = 0;
#if LANES > 1
    V s = (V) (0);
    for (; k + LANES <= n; k += LANES) s = fma(LOAD(p + k), LOAD(q + k), s);
    T part[LANES];
    STORE(s, part);
    for (int w = LANES / 2; w > 0; w /= 2) {
      for (int l = 0; l < w; l++) part[l] += part[l + w];
    }
    sum = part[0];
#endif
    for (; k < n; k++) sum = fma(p[k], q[k], sum);
  }
  u_buffer[u_first + (t * batch + b) * width + first + i] = sum;
}

// h = act(x + u), y = h; the first `linear` units have no activation.
kernel void simple(
    LENGTHS_PARAMETER IN(T, x), OUT(T, u), OUT(T, h), OUT(T, y), const long t, const long batch, const long n,
    const long linear, const T clip) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long at = (t * batch + b) * n + j;
  T v = 0;
  if (ACTIVE(t, b)) {
    const T a = x_buffer[x_first + at] + u_buffer[u_first + at];
    v = j < linear ? a : act(ACTIVATION, a, clip);
    h_buffer[h_first + b * n + j] = v;
  }
  y_buffer[y_first + at] = v;
}

// The gradient da of the argument from that of the state, dh, and the state that was read.
kernel void simple_back(
    LENGTHS_PARAMETER IN(T, x), IN(T, u), IN(T, y), IN(T, h0), IN(T, dy), OUT(T, dh), OUT(T, da), OUT(T, h),
    const long t, const long batch, const long n, const long steps, const long linear, const T clip) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long at = (t * batch + b) * n + j;
  T d = 0;
  T before = 0;
  if (ACTIVE(t, b)) {
    before = STARTS(t, b) ? h0_buffer[h0_first + b * n + j] : y_buffer[y_first + (BEFORE(t) * batch + b) * n + j];
    const T a = x_buffer[x_first + at] + u_buffer[u_first + at];
    d = dh_buffer[dh_first + b * n + j] + dy_buffer[dy_first + at];
    if (j >= linear) d *= act_slope(ACTIVATION, a, y_buffer[y_first + at], clip);
  }
  da_buffer[da_first + at] = d;
  h_buffer[h_first + at] = before;
}

// to[toRow + b, k] = sum_i r[first + i, k] da[t, b, first + i] for `count` i of `width`. Rows without a step at t get 0
// (how 0), add it (1) or stay (2).
kernel void dots_back(
    LENGTHS_PARAMETER IN(T, r), OUT(T, da), OUT(T, to), const long t, const long toRow, const long how,
    const long batch, const long width, const long first, const long count, const long n) {
  const long k = get_global_id(0);
  const long b = get_global_id(1);
  if (k >= n || (how == 2 && !ACTIVE(t, b))) return;
  __global T* y = to_buffer + to_first + (toRow + b) * n + k;
  T s0 = 0, s1 = 0;
  if (ACTIVE(t, b)) {
    __global const T* p = r_buffer + r_first + first * n + k;
    __global const T* q = da_buffer + da_first + (t * batch + b) * width + first;
    long i = 0;
    for (; i + 2 <= count; i += 2) {
      s0 = fma(p[i * n], q[i], s0);
      s1 = fma(p[(i + 1) * n], q[i + 1], s1);
    }
    if (i < count) s0 = fma(p[i * n], q[i], s0);
  }
  *y = how == 1 ? *y + (s0 + s1) : s0 + s1;
}
