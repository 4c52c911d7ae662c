// Causal convolutions along the last axis, W taps for each channel: rows are [batch, channel], a state holds what came
// before a row.

#if SILU
#define ACTIVATED(p) ((p) / (1 + exp(-(p))))
#else
#define ACTIVATED(p) (p)
#endif
inline T slope(const T p) {
#if SILU
  const T s = 1 / (1 + exp(-p));
  return s * (1 + p * (1 - s));
#else
  return 1;
#endif
}
#ifdef BIAS
#define BIAS_IN IN(T, bias),
#define BIAS_AT(d) bias_buffer[bias_first + (d)]
#else
#define BIAS_IN
#define BIAS_AT(d) 0
#endif

#ifndef UPDATE
#ifdef STATE
#define STATE_IN IN(T, state),
#define STATE_AT(row, i) state_buffer[state_first + (row) * (w - 1) + (i)]
#else
#define STATE_IN
#define STATE_AT(row, i) 0
#endif
#define X_AT(row, t) ((t) >= 0 ? x[t] : STATE_AT(row, w - 1 + (t)))
#define SUM(p, t) \
  T p = BIAS_AT(d); \
  for (long k = 0; k < w; k++) p = fma(weight[k], (T) X_AT(row, (t) - w + 1 + k), p)

// y, or with dy what comes to the sums before the activation.
kernel void conv(
    IN(T, x_), IN(T, weight_), BIAS_IN STATE_IN
#ifdef BACK
    IN(T, dy),
#endif
    OUT(T, y_), const long channels, const long l, const long w) {
  const long row = get_global_id(1);
  const long d = row % channels;
  __global const T* x = x__buffer + x__first + row * l;
  __global const T* weight = weight__buffer + weight__first + d * w;
  __global T* y = y__buffer + y__first + row * l;
#ifdef BACK
  __global const T* g = dy_buffer + dy_first + row * l;
#define MADE(p, t) (g[t] * slope(p))
#else
#define MADE(p, t) ACTIVATED(p)
#endif
  long t = get_global_id(0) * (long) CHUNK;
  const long end = min(t + CHUNK, l);
  for (; t < min(w - 1, end); t++) {
    SUM(p, t);
    y[t] = MADE(p, t);
  }
#if LANES > 1
  for (; t + LANES <= end; t += LANES) {
    V p = (V) (BIAS_AT(d));
    for (long k = 0; k < w; k++) p = fma((V) (weight[k]), LOAD(x + t - w + 1 + k), p);
#ifdef BACK
#if SILU
    const V s = 1 / (1 + exp(-p));
    STORE(LOAD(g + t) * (s * (1 + p * (1 - s))), y + t);
#else
    STORE(LOAD(g + t), y + t);
#endif
#else
    STORE(ACTIVATED(p), y + t);
#endif
  }
#endif
  for (; t < end; t++) {
    SUM(p, t);
    y[t] = MADE(p, t);
  }
}

kernel void last_state(IN(T, x_), STATE_IN OUT(T, y), const long rows, const long l, const long w) {
  const long row = get_global_id(0);
  if (row >= rows) return;
  __global const T* x = x__buffer + x__first + row * l;
  for (long j = 0; j < w - 1; j++) y_buffer[y_first + row * (w - 1) + j] = X_AT(row, l - w + 1 + j);
}

#ifdef BACK
// dx and, before it, the gradient of the state, from g, that of the sums.
kernel void input_back(
    IN(T, g_), IN(T, weight_),
#ifdef FINAL
    IN(T, dfinal),
#endif
    OUT(T, dx),
#ifdef STATE
    OUT(T, dstate),
#endif
    const long channels, const long l, const long w) {
  const long row = get_global_id(1);
  __global const T* g = g__buffer + g__first + row * l;
  __global const T* weight = weight__buffer + weight__first + row % channels * w;
  long i = get_global_id(0) * (long) CHUNK;
  for (const long end = min(i + CHUNK, l + w - 1); i < end; i++) {
    T s = 0;
    for (long k = max(0L, i - l + 1); k < min(w, i + 1); k++) s = fma(g[i - k], weight[k], s);
#ifdef FINAL
    if (i >= l) s += dfinal_buffer[dfinal_first + row * (w - 1) + i - l];
#endif
    if (i >= w - 1) dx_buffer[dx_first + row * l + i - (w - 1)] = s;
#ifdef STATE
    else dstate_buffer[dstate_first + row * (w - 1) + i] = s;
#endif
  }
}

kernel void weight_back(
    IN(T, g_), IN(T, x_), STATE_IN OUT(T, dw),
#ifdef BIAS
    OUT(T, db),
#endif
    const long batches, const long channels, const long l, const long w) {
  const long d = get_global_id(0);
  const long k = get_global_id(1);
  if (d >= channels) return;
  T sum = 0;
  T all = 0;
  for (long b = 0; b < batches; b++) {
    const long row = b * channels + d;
    __global const T* g = g__buffer + g__first + row * l;
    __global const T* x = x__buffer + x__first + row * l;
    long t = 0;
    T part = 0;
    T bias_part = 0;
    for (; t < min(w - 1, l); t++) {
      part = fma(g[t], (T) X_AT(row, t - w + 1 + k), part);
      bias_part += g[t];
    }
#if LANES > 1
    V lanes = 0;
    V bias_lanes = 0;
    T some[LANES];
    for (; t + LANES <= l; t += LANES) {
      lanes = fma(LOAD(g + t), LOAD(x + t - w + 1 + k), lanes);
      bias_lanes += LOAD(g + t);
    }
    STORE(lanes, some);
    for (int j = 0; j < LANES; j++) part += some[j];
    STORE(bias_lanes, some);
    for (int j = 0; j < LANES; j++) bias_part += some[j];
#endif
    for (; t < l; t++) {
      part = fma(g[t], x[t - w + 1 + k], part);
      bias_part += g[t];
    }
    sum += part;
    all += bias_part;
  }
  dw_buffer[dw_first + d * w + k] = sum;
#ifdef BIAS
  if (k == 0) db_buffer[db_first + d] = all;
#endif
}
#endif
#else
// Steps with a state of s places, which moves on, or a ring in which `position` is the place of the first step.
#ifdef RING
#define POSITION_IN IN(RING, position),
#define PLACE(t) floor_mod((long) position_buffer[position_first + row / channels] + (t), s)
#else
#define POSITION_IN
#define PLACE(t) (s + (t))
#endif
#define X_AT(t) ((t) >= 0 ? x[t] : state[PLACE(t)])

inline long floor_mod(const long x, const long y) {
  const long r = x % y;
  return r < 0 ? r + y : r;
}

#define ROW \
  const long row = get_global_id(0); \
  if (row >= rows) return; \
  const long d = row % channels; \
  __global const T* x = x__buffer + x__first + row * n; \
  __global const T* state = state__buffer + state__first + row * s; \
  __global const T* weight = weight__buffer + weight__first + d * w

#ifndef BACK
kernel void update(
    IN(T, x_), IN(T, state_), IN(T, weight_), BIAS_IN POSITION_IN OUT(T, y_), OUT(T, next_), const long rows,
    const long channels, const long n, const long s, const long w) {
  ROW;
  __global T* y = y__buffer + y__first + row * n;
  __global T* next = next__buffer + next__first + row * s;
  for (long t = 0; t < n; t++) {
    T p = BIAS_AT(d);
    for (long k = 0; k < w; k++) p = fma(weight[k], (T) X_AT(t - w + 1 + k), p);
    y[t] = ACTIVATED(p);
  }
#ifdef RING
  for (long i = 0; i < s; i++) next[i] = state[i];
  for (long t = 0; t < n; t++) next[PLACE(t)] = x[t];
#else
  for (long i = 0; i < s; i++) next[i] = i + n < s ? state[i + n] : x[i + n - s];
#endif
}
#else
// dx and dstate of a row, and its part of the gradients of weights and bias.
kernel void update_back(
    IN(T, x_), IN(T, state_), IN(T, weight_), BIAS_IN POSITION_IN IN(T, dy_), IN(T, dnext_), OUT(T, dx_),
    OUT(T, dstate_), OUT(T, parts_), const long rows, const long channels, const long n, const long s, const long w) {
  ROW;
  __global const T* dy = dy__buffer + dy__first + row * n;
  __global const T* dnext = dnext__buffer + dnext__first + row * s;
  __global T* dx = dx__buffer + dx__first + row * n;
  __global T* ds = dstate__buffer + dstate__first + row * s;
  __global T* parts = parts__buffer + parts__first + row * (w + 1);
  for (long t = 0; t < n; t++) dx[t] = 0;
  for (long i = 0; i < s; i++) ds[i] = 0;
#ifdef RING
  for (long i = 0; i < s; i++) ds[i] = dnext[i];
  for (long t = max(0L, n - s); t < n; t++) dx[t] = ds[PLACE(t)];
  for (long t = 0; t < n; t++) ds[PLACE(t)] = 0;
#else
  for (long i = 0; i < s; i++) {
    if (i + n < s) ds[i + n] = dnext[i];
    else dx[i + n - s] = dnext[i];
  }
#endif
  for (long k = 0; k <= w; k++) parts[k] = 0;
  for (long t = 0; t < n; t++) {
    T p = BIAS_AT(d);
    for (long k = 0; k < w; k++) p = fma(weight[k], (T) X_AT(t - w + 1 + k), p);
    const T g = dy[t] * slope(p);
    parts[w] += g;
    for (long k = 0; k < w; k++) {
      const long from = t - w + 1 + k;
      parts[k] += g * X_AT(from);
      if (from >= 0) dx[from] += g * weight[k];
      else ds[PLACE(from)] += g * weight[k];
    }
  }
}

// Parts of all batches added up: weight k of a channel, or its bias.
kernel void parts_sum(
    IN(T, parts), OUT(T, dw),
#ifdef BIAS
    OUT(T, db),
#endif
    const long batches, const long channels, const long w) {
  const long d = get_global_id(0);
  const long k = get_global_id(1);
  if (d >= channels) return;
  T sum = 0;
  for (long b = 0; b < batches; b++) sum += parts_buffer[parts_first + (b * channels + d) * (w + 1) + k];
  if (k < w) dw_buffer[dw_first + d * w + k] = sum;
#ifdef BIAS
  else db_buffer[db_first + d] = sum;
#endif
}
#endif
#endif
