// Long short-term memory, behind rnn.cl. Gates lie at I_AT, F_AT, G_AT and O_AT; the peepholes are those of input,
// output and forget gate.
#ifdef PEEPHOLES
#define PEEPHOLES_IN , IN(T, peepholes)
#define PEEP(k) peepholes_buffer[peepholes_first + (k) * n + j]
#else
#define PEEPHOLES_IN
#define PEEP(k) 0
#endif

typedef struct {
  T ai, af, ag, ao, i, f, g, o, c, m;
} Gates;

inline Gates gates(
    __global const T* x, __global const T* u, const long n, const T c, const T pi, const T po, const T pf,
    const T clip) {
  Gates s;
  s.ai = x[I_AT * n] + u[I_AT * n];
  s.af = x[F_AT * n] + u[F_AT * n];
  s.ag = x[G_AT * n] + u[G_AT * n];
  s.ao = x[O_AT * n] + u[O_AT * n];
#ifdef PEEPHOLES
  s.ai += pi * c;
  s.af += pf * c;
#endif
  s.i = act(GATE, s.ai, clip);
  s.f = INPUT_FORGET ? 1 - s.i : act(GATE, s.af, clip);
  s.g = act(CANDIDATE, s.ag, clip);
  s.c = s.f * c + s.i * s.g;
#ifdef PEEPHOLES
  s.ao += po * s.c;
#endif
  s.o = act(GATE, s.ao, clip);
  s.m = s.o * act(HIDDEN, s.c, clip);
  return s;
}

// The cell's step; its output goes to `m`, and without a projection it is the state and y too.
kernel void lstm_close(
    LENGTHS_PARAMETER IN(T, x), OUT(T, u), OUT(T, cn), OUT(T, cells), OUT(T, m), OUT(T, h), const long t,
    const long batch, const long n, const T clip PEEPHOLES_IN) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long row = t * batch + b;
  T v = 0;
  T c = 0;
  if (ACTIVE(t, b)) {
    const long at = row * 4 * n + j;
    const Gates s =
        gates(x_buffer + x_first + at, u_buffer + u_first + at, n, cn_buffer[cn_first + b * n + j], PEEP(0), PEEP(1),
              PEEP(2), clip);
    c = s.c;
    v = s.m;
    cn_buffer[cn_first + b * n + j] = c;
#ifndef PROJECTION
    h_buffer[h_first + b * n + j] = v;
#endif
  }
  cells_buffer[cells_first + row * n + j] = c;
#ifdef PROJECTION
  m_buffer[m_first + b * n + j] = v;
#else
  m_buffer[m_first + row * n + j] = v;
#endif
}

// The state of rows that have a step at t is y.
kernel void lstm_state(LENGTHS_PARAMETER OUT(T, y), OUT(T, h), const long t, const long batch, const long n) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j < n && ACTIVE(t, b)) h_buffer[h_first + b * n + j] = y_buffer[y_first + (t * batch + b) * n + j];
}

// The gradient of the state after the step, and the state before it.
kernel void lstm_state_back(
    LENGTHS_PARAMETER IN(T, y), IN(T, h0), IN(T, dy), OUT(T, dh), OUT(T, d), OUT(T, h), const long dRow, const long t,
    const long batch, const long n, const long steps) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long at = (t * batch + b) * n + j;
  T all = 0;
  T before = 0;
  if (ACTIVE(t, b)) {
    before = STARTS(t, b) ? h0_buffer[h0_first + b * n + j] : y_buffer[y_first + (BEFORE(t) * batch + b) * n + j];
    all = dh_buffer[dh_first + b * n + j] + dy_buffer[dy_first + at];
  }
  d_buffer[d_first + (dRow + b) * n + j] = all;
  h_buffer[h_first + at] = before;
}

// Gradients before the activations from that of the cell's output, dm.
kernel void lstm_back(
    LENGTHS_PARAMETER IN(T, x), IN(T, u), IN(T, cells), IN(T, c0), OUT(T, dm), OUT(T, dc), OUT(T, da_),
#ifdef PEEPHOLES
    OUT(T, read),
#endif
#ifdef PROJECTION
    OUT(T, m),
#endif
    const long t, const long batch, const long n, const long steps, const T clip PEEPHOLES_IN) {
  const long j = get_global_id(0);
  const long b = get_global_id(1);
  if (j >= n) return;
  const long row = t * batch + b;
  const long at = row * 4 * n + j;
  T before = 0, output = 0, dai = 0, daf = 0, dag = 0, dao = 0;
  if (ACTIVE(t, b)) {
    before = STARTS(t, b) ? c0_buffer[c0_first + b * n + j] : cells_buffer[cells_first + (BEFORE(t) * batch + b) * n + j];
    const Gates s =
        gates(x_buffer + x_first + at, u_buffer + u_first + at, n, before, PEEP(0), PEEP(1), PEEP(2), clip);
    output = s.m;
    const T g = dm_buffer[dm_first + b * n + j];
    const T after = cells_buffer[cells_first + row * n + j];
    const T v = act(HIDDEN, after, clip);
    dao = g * v * act_slope(GATE, s.ao, s.o, clip);
    T d = dc_buffer[dc_first + b * n + j] + g * s.o * act_slope(HIDDEN, after, v, clip);
#ifdef PEEPHOLES
    d += dao * PEEP(1);
#endif
    dai = (d * s.g - (INPUT_FORGET ? d * before : 0)) * act_slope(GATE, s.ai, s.i, clip);
    daf = INPUT_FORGET ? 0 : d * before * act_slope(GATE, s.af, s.f, clip);
    dag = d * s.i * act_slope(CANDIDATE, s.ag, s.g, clip);
    T next = d * s.f;
#ifdef PEEPHOLES
    next += dai * PEEP(0) + daf * PEEP(2);
#endif
    dc_buffer[dc_first + b * n + j] = next;
  }
  __global T* da = da__buffer + da__first + at;
  da[I_AT * n] = dai;
  da[F_AT * n] = daf;
  da[G_AT * n] = dag;
  da[O_AT * n] = dao;
#ifdef PEEPHOLES
  read_buffer[read_first + row * n + j] = before;
#endif
#ifdef PROJECTION
  m_buffer[m_first + row * n + j] = output;
#endif
}
