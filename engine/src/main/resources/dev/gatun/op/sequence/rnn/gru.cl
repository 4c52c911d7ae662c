// Gated recurrent units, behind rnn.cl. Gates lie at R_AT and Z_AT, the candidate is the third. Without LINEAR the
// reset gate acts on the state before its product, which then is a launch of its own.
// y[t] = reset gate times state, for the product that follows
kernel void gru_reset(
    LENGTHS_PARAMETER IN(T, x), OUT(T, u), OUT(T, h), OUT(T, y), const long t, const long batch, const long n,
    const T clip) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long at = (t * batch + b) * 3 * n + R_AT * n + j;
  const T gate = act(GATE, x_buffer[x_first + at] + u_buffer[u_first + at], clip);
  y_buffer[y_first + (t * batch + b) * n + j] = gate * h_buffer[h_first + b * n + j];
}

kernel void gru_close(
    LENGTHS_PARAMETER IN(T, x), OUT(T, u_), OUT(T, h), OUT(T, y), const long t, const long batch, const long n,
    const T clip
#ifdef BIAS
    , IN(T, bias)
#endif
) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long row = t * batch + b;
  T v = 0;
  if (ACTIVE(t, b)) {
    __global const T* x = x_buffer + x_first + row * 3 * n + j;
    __global T* u = u__buffer + u__first + row * 3 * n + j;
#ifdef BIAS
    for (int g = 0; g < 3; g++) u[g * n] += bias_buffer[bias_first + g * n + j];
#endif
    const T z = act(GATE, x[Z_AT * n] + u[Z_AT * n], clip);
#ifdef LINEAR
    const T c = act(CANDIDATE, x[2 * n] + act(GATE, x[R_AT * n] + u[R_AT * n], clip) * u[2 * n], clip);
#else
    const T c = act(CANDIDATE, x[2 * n] + u[2 * n], clip);
#endif
    v = (1 - z) * c + z * h_buffer[h_first + b * n + j];
    h_buffer[h_first + b * n + j] = v;
  }
  y_buffer[y_first + row * n + j] = v;
}

// Gradients before the activations; what the product with the weights takes is `extra` if LINEAR, else da.
kernel void gru_back(
    LENGTHS_PARAMETER IN(T, x_), IN(T, u_), IN(T, y), IN(T, h0), IN(T, dy), OUT(T, dh), OUT(T, da_), OUT(T, h),
    OUT(T, extra), const long t, const long batch, const long n, const long steps, const T clip) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long row = t * batch + b;
  __global const T* x = x__buffer + x__first + row * 3 * n + j;
  __global const T* u = u__buffer + u__first + row * 3 * n + j;
  __global T* da = da__buffer + da__first + row * 3 * n + j;
  T before = 0, daZ = 0, daN = 0, daR = 0, r = 0;
  if (ACTIVE(t, b)) {
    before = STARTS(t, b) ? h0_buffer[h0_first + b * n + j] : y_buffer[y_first + (BEFORE(t) * batch + b) * n + j];
    const T aZ = x[Z_AT * n] + u[Z_AT * n];
    const T aR = x[R_AT * n] + u[R_AT * n];
    const T z = act(GATE, aZ, clip);
    r = act(GATE, aR, clip);
#ifdef LINEAR
    const T aN = x[2 * n] + r * u[2 * n];
#else
    const T aN = x[2 * n] + u[2 * n];
#endif
    const T c = act(CANDIDATE, aN, clip);
    const T d = dh_buffer[dh_first + b * n + j] + dy_buffer[dy_first + row * n + j];
    daZ = d * (before - c) * act_slope(GATE, aZ, z, clip);
    daN = d * (1 - z) * act_slope(CANDIDATE, aN, c, clip);
    dh_buffer[dh_first + b * n + j] = d * z;
#ifdef LINEAR
    daR = daN * u[2 * n] * act_slope(GATE, aR, r, clip);
#endif
  }
  da[Z_AT * n] = daZ;
  da[R_AT * n] = daR;
  da[2 * n] = daN;
  h_buffer[h_first + row * n + j] = before;
#ifdef LINEAR
  __global T* du = extra_buffer + extra_first + row * 3 * n + j;
  du[Z_AT * n] = daZ;
  du[R_AT * n] = daR;
  du[2 * n] = daN * r;
#endif
}

// The reset gate's part: `extra` holds the gradient of gate times state, and then that product.
kernel void gru_back_reset(
    LENGTHS_PARAMETER IN(T, x_), IN(T, u_), OUT(T, dh), OUT(T, da_), OUT(T, h), OUT(T, extra), const long t,
    const long batch, const long n, const T clip) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n || !ACTIVE(t, b)) return;
  const long row = t * batch + b;
  const long at = row * 3 * n + R_AT * n + j;
  const T a = x__buffer[x__first + at] + u__buffer[u__first + at];
  const T r = act(GATE, a, clip);
  const T before = h_buffer[h_first + row * n + j];
  const T d = extra_buffer[extra_first + row * n + j];
  dh_buffer[dh_first + b * n + j] += d * r;
  da__buffer[da__first + at] = d * before * act_slope(GATE, a, r, clip);
  extra_buffer[extra_first + row * n + j] = r * before;
}
