// Small ops beside attention, a work-item a row. S is double where the device has it.
#ifdef cl_khr_fp64
#define S double
#else
#define S T
#endif
#define ROW(rows) \
  const long r = get_global_id(0); \
  if (r >= (rows)) return

// The weights of P partial results of row r: exp(lse_p - top) / sum.
#define LSE(p) lse_buffer[lse_first + (p) * rows + r]
#define WEIGHTS \
  T top = LOWEST; \
  for (long p = 0; p < parts; p++) top = isnan(LSE(p)) || LSE(p) > top ? LSE(p) : top; \
  top = top == LOWEST ? 0 : top; \
  T sum = 0; \
  for (long p = 0; p < parts; p++) sum += exp(LSE(p) - top)
#define WEIGHT(p) (sum == 0 ? (T) 0 : exp(LSE(p) - top) / sum)

kernel void combine(
    IN(T, o), IN(T, lse), OUT(T, y_), OUT(T, all), const long rows, const long parts, const long d) {
  ROW(rows);
  WEIGHTS;
  __global T* y = y__buffer + y__first + r * d;
  for (long i = 0; i < d; i++) y[i] = 0;
  for (long p = 0; p < parts; p++) {
    const T w = WEIGHT(p);
    __global const T* x = o_buffer + o_first + (p * rows + r) * d;
    if (w == 0) continue;
    for (long i = 0; i < d; i++) y[i] = fma(w, x[i], y[i]);
  }
  all_buffer[all_first + r] = top + log(sum);
}

kernel void combine_back(
    IN(T, o), IN(T, lse), IN(T, dy_), IN(T, dall), OUT(T, dx_), OUT(T, dlse_), const long rows, const long parts,
    const long d) {
  ROW(rows);
  WEIGHTS;
  __global const T* dy = dy__buffer + dy__first + r * d;
  __global T* dlse = dlse__buffer + dlse__first;
  T mean = -dall_buffer[dall_first + r];
  for (long p = 0; p < parts; p++) {
    const T w = WEIGHT(p);
    __global const T* x = o_buffer + o_first + (p * rows + r) * d;
    __global T* dx = dx__buffer + dx__first + (p * rows + r) * d;
    T dot = 0;
    for (long i = 0; i < d; i++) {
      dx[i] = w == 0 ? 0 : w * dy[i];
      dot = w == 0 ? dot : fma(dy[i], x[i], dot);
    }
    dlse[p * rows + r] = dot;
    mean += w * dot;
  }
  for (long p = 0; p < parts; p++) dlse[p * rows + r] = WEIGHT(p) * (dlse[p * rows + r] - mean);
}

inline T sig(const T z) { return z + (z < 0 ? z : isnan(z) ? z : 0) - log1p(exp(-fabs(z))); }

kernel void sig_softmax(IN(T, z_), OUT(T, y_), const long rows, const long n, const long isLog) {
  ROW(rows);
  __global const T* z = z__buffer + z__first + r * n;
  __global T* y = y__buffer + y__first + r * n;
  T top = LOWEST;
  for (long i = 0; i < n; i++) {
    y[i] = sig(z[i]);
    top = isnan(y[i]) || y[i] > top ? y[i] : top;
  }
  T sum = 0;
  for (long i = 0; i < n; i++) sum += exp(y[i] - top);
  const T log_sum = log(sum);
  for (long i = 0; i < n; i++) y[i] = isLog ? y[i] - top - log_sum : exp(y[i] - top) / sum;
}

kernel void sig_softmax_back(
    IN(T, z_), IN(T, y_), IN(T, dy_), OUT(T, dz_), const long rows, const long n, const long isLog) {
  ROW(rows);
  __global const T* z = z__buffer + z__first + r * n;
  __global const T* y = y__buffer + y__first + r * n;
  __global const T* dy = dy__buffer + dy__first + r * n;
  __global T* dz = dz__buffer + dz__first + r * n;
  T sum = 0;
  for (long i = 0; i < n; i++) sum += isLog ? dy[i] : y[i] * dy[i];
  for (long i = 0; i < n; i++) {
    const T d = isLog ? dy[i] - exp(y[i]) * sum : y[i] * (dy[i] - sum);
    dz[i] = d * (2 - 1 / (1 + exp(-z[i])));
  }
}

// The nearest of n centroids by x m - m m / 2, the first of equals.
kernel void nearest(
    IN(T, x_), IN(T, centroids), OUT(long, y), const long rows, const long heads, const long length, const long own,
    const long n, const long d) {
  ROW(rows);
  __global const T* x = x__buffer + x__first + r * d;
  const long head = own == 1 ? 0 : r / length % heads;
  S best = -INFINITY;
  long place = 0;
  for (long k = 0; k < n; k++) {
    __global const T* m = centroids_buffer + centroids_first + (head * n + k) * d;
    S product = 0;
    S square = 0;
    for (long e = 0; e < d; e++) {
      product += (S) x[e] * m[e];
      square += (S) m[e] * m[e];
    }
    const S score = product - square / 2;
    place = score > best ? k : place;
    best = score > best ? score : best;
  }
  y_buffer[y_first + r] = place;
}

// 2^exponent of ALiBi's heads; p is the greatest power of 2 that is not above their number.
kernel void alibi(OUT(T, y), const long heads, const long p) {
  ROW(heads);
  y_buffer[y_first + r] = exp2((T) (r < p ? -8 * (T) (r + 1) / p : -4 * (T) (2 * (r - p) + 1) / p));
}

// Prefix softmaxes of scores s over values v [T, D]: columns `first` on of a row.
#define COLUMNS 64
inline S finite(const S m) { return m == (S) LOWEST ? 0 : m; }

kernel void scan(
    IN(T, s), IN(T, v), IN(T, m0), IN(T, u0), IN(T, w0), OUT(T, o), OUT(T, m_), OUT(T, u_), OUT(T, w_),
    const long rows, const long length, const long d, const long isInitial, const long hasStates) {
  const long row = get_global_id(1);
  const long first = get_global_id(0) * COLUMNS;
  const long width = min((long) COLUMNS, d - first);
  S w[COLUMNS];
  S m = isInitial ? (S) m0_buffer[m0_first + row] : (S) LOWEST;
  S u = isInitial ? (S) u0_buffer[u0_first + row] : 0;
  for (long i = 0; i < width; i++) w[i] = isInitial ? (S) w0_buffer[w0_first + row * d + first + i] : 0;
  for (long t = row * length; t < (row + 1) * length; t++) {
    const S x = s_buffer[s_first + t];
    const S old = m;
    m = isnan(m) || m > x ? m : x;
    const S keep = exp(old - finite(m));
    const S p = exp(x - finite(m));
    u = keep * u + p;
    if (first == 0) {
      m__buffer[m__first + t] = (T) m;
      u__buffer[u__first + t] = (T) u;
    }
    for (long i = 0; i < width; i++) {
      const long at = t * d + first + i;
      w[i] = keep * w[i] + (p == 0 ? 0 : p * v_buffer[v_first + at]);
      o_buffer[o_first + at] = u == 0 ? 0 : (T) (w[i] / u);
      if (hasStates) w__buffer[w__first + at] = (T) w[i];
    }
  }
}

#define LEAST 0x1p-126
#define M(t) ((S) m_buffer[m_first + (t)])
#define U(t) ((S) u_buffer[u_first + (t)])
#define KEPT(t) (U((t) + 1) < LEAST ? 0 : exp(M(t) - finite(M((t) + 1))) * U(t) / U((t) + 1))

kernel void scan_back(
    IN(T, s), IN(T, v), IN(T, o), IN(T, m), IN(T, u), IN(T, dy), OUT(T, ds), OUT(T, dv), __global char* g_,
    const long gAt, const long rows, const long length, const long d) {
  const long row = get_global_id(0);
  if (row >= rows) return;
  __global S* g = (__global S*) (g_ + gAt) + row * d;
  for (long i = 0; i < d; i++) g[i] = 0;
  S k = 0;
  const long start = row * length;
  const long last = start + length - 1;
  for (long t = last; t >= start; t--) {
    const S keep = t == last ? 0 : KEPT(t);
    const S p = U(t) < LEAST ? 0 : exp((S) s_buffer[s_first + t] - finite(M(t))) / U(t);
    const bool first = t == start;
    S step = 0, later = 0, value = 0, mean = 0;
    for (long i = 0; i < d; i++) {
      const long at = t * d + i;
      const S x = dy_buffer[dy_first + at];
      const S own = o_buffer[o_first + at];
      const S b = v_buffer[v_first + at];
      step += keep == 0 ? 0 : g[i] * (own - (S) o_buffer[o_first + at + d]);
      later += p == 0 || keep == 0 ? 0 : g[i] * (b - own);
      value += p == 0 ? 0 : x * b;
      mean += x * (first ? own : (S) o_buffer[o_first + at - d]);
      g[i] = keep * g[i] + x;
      dv_buffer[dv_first + at] = p == 0 ? 0 : (T) (p * g[i]);
    }
    k = keep == 0 ? 0 : keep * (step + k);
    mean = first ? mean : p * value + KEPT(t - 1) * mean;
    ds_buffer[ds_first + t] = p == 0 ? 0 : (T) (p * (value - mean + keep * later + k));
  }
}
