// Places of the elements of a row in the stable order of their clusters, by counting.
#define CLUSTER(x, i) checked(x##_buffer[x##_first + (i)], 0, clusters, faults, call)

// Element i of `order` is the element that stands there; `place` says where each stands, where it is asked for.
kernel void places(
    IN(long, x), OUT(long, order), OUT(long, place), const long rows, const long n, const long isAsked,
    const long clusters, FAULTS) {
  const long e = get_global_id(0);
  if (e >= rows) return;
  const long first = e / n * n;
  const long own = CLUSTER(x, e);
  long at = 0;
  for (long j = first; j < first + n; j++) {
    const long other = x_buffer[x_first + j];
    at += other < own || (other == own && j < e) ? 1 : 0;
  }
  order_buffer[order_first + first + at] = e - first;
  if (isAsked) place_buffer[place_first + e] = at;
}

// The run of keys of its cluster that a query sees.
kernel void runs(
    IN(long, q), IN(long, k), OUT(long, place), OUT(long, runs), const long rows, const long sq, const long sk,
    const long group, const long isCausal) {
  const long e = get_global_id(0);
  if (e >= rows) return;
  const long i = e % sq;
  const long head = e / sq;
  const long own = q_buffer[q_first + e];
  long before = 0;
  long seen = 0;
  for (long j = 0; j < sk; j++) {
    const long other = k_buffer[k_first + head / group * sk + j];
    before += other < own ? 1 : 0;
    seen += other == own && (!isCausal || j <= i + sk - sq) ? 1 : 0;
  }
  __global long* run = runs_buffer + runs_first + 4 * (head * sq + place_buffer[place_first + e]);
  run[0] = before;
  for (int end = 1; end < 4; end++) run[end] = before + seen;
}
