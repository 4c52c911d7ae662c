// What attention knows of a query and a key: which pairs are seen, what is added to their scores, and what their
// probabilities are multiplied with. Behind philox.cl.
//
// An operand X that is there is defined by its name. Those that repeat come with strides along batch, head, query, key.
#define OPERAND(x) (x##_buffer + x##_first)
#define HEAD_AT(s) (B * (s).s0 + H * (s).s1)
#ifdef QUERY_LENGTHS
#define QUERY_LENGTHS_IN , IN(QUERY_LENGTHS, query_lengths)
#define QUERIES clamp((long) OPERAND(query_lengths)[B], 0L, sq)
#else
#define QUERY_LENGTHS_IN
#define QUERIES sq
#endif
#ifdef KEY_LENGTHS
#define KEY_LENGTHS_IN , IN(KEY_LENGTHS, key_lengths)
#define KEYS clamp((long) OPERAND(key_lengths)[B], 0L, sk)
#else
#define KEY_LENGTHS_IN
#define KEYS sk
#endif
#ifdef RUNS
#define RUNS_IN , IN(RUNS, runs), const long16 runs_strides
#define RUNS_FIELD __global const RUNS* runs;
#define RUNS_SET p.runs = OPERAND(runs) + HEAD_AT(runs_strides);
#else
#define RUNS_IN
#define RUNS_FIELD
#define RUNS_SET
#endif
#ifdef BLOCKS
#define BLOCKS_IN , IN(uchar, blocks), const long16 blocks_strides
#define BLOCKS_FIELD __global const uchar* blocks; long block_columns;
#define BLOCKS_SET p.blocks = OPERAND(blocks) + HEAD_AT(blocks_strides); p.block_columns = blocks_strides.s2;
#else
#define BLOCKS_IN
#define BLOCKS_FIELD
#define BLOCKS_SET
#endif
#ifdef VISIBLE
#define VISIBLE_IN , IN(uchar, visible), const long16 visible_strides
#define VISIBLE_FIELD __global const uchar* visible; long visible_i, visible_j;
#define VISIBLE_SET \
  p.visible = OPERAND(visible) + HEAD_AT(visible_strides); p.visible_i = visible_strides.s2; \
  p.visible_j = visible_strides.s3;
#else
#define VISIBLE_IN
#define VISIBLE_FIELD
#define VISIBLE_SET
#endif
#ifdef BIAS
#define BIAS_IN , IN(T, bias), const long16 bias_strides
#define BIAS_FIELD __global const T* bias; long bias_i, bias_j;
#define BIAS_SET \
  p.bias = OPERAND(bias) + HEAD_AT(bias_strides); p.bias_i = bias_strides.s2; p.bias_j = bias_strides.s3;
#else
#define BIAS_IN
#define BIAS_FIELD
#define BIAS_SET
#endif
#ifdef SINK
#define SINK_IN , IN(T, sinks)
#else
#define SINK_IN
#endif
#ifdef SLOPES
#define SLOPES_IN , IN(T, slopes), const long slopes_stride
#define SLOPES_FIELD T slope;
#define SLOPES_SET p.slope = OPERAND(slopes)[B * slopes_stride + H];
#else
#define SLOPES_IN
#define SLOPES_FIELD
#define SLOPES_SET
#endif
#ifdef DECAY
#define DECAY_IN , IN(T, decay)
#define DECAY_FIELD __global const T* decay;
#define DECAY_SET p.decay = OPERAND(decay) + (B * heads + H) * sk;
#else
#define DECAY_IN
#define DECAY_FIELD
#define DECAY_SET
#endif
#ifdef RELATIVE
#define RELATIVE_IN , IN(T, relative), const long relative_heads, const long relative_n
#define RELATIVE_FIELD __global const T* relative; long relative_n;
#define RELATIVE_SET \
  p.relative = OPERAND(relative) + (relative_heads == 1 ? 0 : H) * relative_n; p.relative_n = relative_n;
#else
#define RELATIVE_IN
#define RELATIVE_FIELD
#define RELATIVE_SET
#endif
#ifdef FACTOR
#define FACTOR_IN , IN(T, factor), const long factor_heads, const long factor_n
#define FACTOR_FIELD __global const T* factor; long factor_n;
#define FACTOR_SET p.factor = OPERAND(factor) + (factor_heads == 1 ? 0 : H) * factor_n; p.factor_n = factor_n;
#else
#define FACTOR_IN
#define FACTOR_FIELD
#define FACTOR_SET
#endif
#ifdef DROPOUT
#define DROPOUT_IN , const long seed, const long threshold, const T kept
#define DROPOUT_FIELD long seed, threshold; T kept;
#define DROPOUT_SET p.seed = seed; p.threshold = threshold; p.kept = kept;
#else
#define DROPOUT_IN
#define DROPOUT_FIELD
#define DROPOUT_SET
#endif
#define PAIRS_IN \
  const long batches, const long heads, const long group, const long sq, const long sk, const long d, const long dv, \
  const long16 mask, const T scale, const T softcap QUERY_LENGTHS_IN KEY_LENGTHS_IN RUNS_IN BLOCKS_IN VISIBLE_IN \
  BIAS_IN SINK_IN SLOPES_IN DECAY_IN RELATIVE_IN FACTOR_IN DROPOUT_IN

#if defined(RUNS) || defined(BLOCKS) || defined(VISIBLE)
#define SOME_HIDDEN 1
#else
#define SOME_HIDDEN 0
#endif
#if defined(BIAS) || defined(SLOPES) || defined(DECAY) || defined(RELATIVE)
#define SOME_ADDED 1
#else
#define SOME_ADDED 0
#endif
#if defined(FACTOR) || defined(DROPOUT)
#define SOME_WEIGHED 1
#else
#define SOME_WEIGHED 0
#endif

// A head of a batch.
typedef struct {
  long b, h, heads, sq, sk, queries, keys, left, right, sinks, chunk, top_left;
  RUNS_FIELD BLOCKS_FIELD VISIBLE_FIELD BIAS_FIELD SLOPES_FIELD DECAY_FIELD RELATIVE_FIELD FACTOR_FIELD DROPOUT_FIELD
} Pairs;

#define PAIRS(p, batch, head) \
  Pairs p; \
  { \
    const long B = batch; \
    const long H = head; \
    p.b = B; p.h = H; p.heads = heads; p.sq = sq; p.sk = sk; p.queries = QUERIES; p.keys = KEYS; \
    p.left = mask.s0; p.right = mask.s1; p.sinks = mask.s2; p.chunk = mask.s3; p.top_left = mask.s4; \
    RUNS_SET BLOCKS_SET VISIBLE_SET BIAS_SET SLOPES_SET DECAY_SET RELATIVE_SET FACTOR_SET DROPOUT_SET \
  }

inline long position(const Pairs* p, const long i) { return p->top_left ? i : i + p->keys - p->queries; }

inline long floor_mod(const long x, const long y) {
  const long r = x % y;
  return r < 0 ? r + y : r;
}

// The two runs of keys that query i sees by position: sinks [s0, s1), then [s2, s3).
inline long4 seen_runs(const Pairs* p, const long i) {
  const long at = position(p, i);
  const long first = p->chunk == 0 ? 0 : max(0L, at - floor_mod(at, p->chunk));
  long end = p->right < 0 ? p->keys : min(p->keys, at + p->right + 1);
  if (p->chunk != 0) end = min(end, at - floor_mod(at, p->chunk) + p->chunk);
  const long sinks = p->left < 0 ? 0 : min(p->sinks, end);
  const long begin = max(max(p->left < 0 ? 0L : max(0L, at - p->left), first), sinks);
  return (long4) (first, sinks, begin, end);
}

inline bool is_in(const long4 r, const long j) { return (j >= r.s0 && j < r.s1) || (j >= r.s2 && j < r.s3); }

// Whether operands let query i see key j.
inline bool is_open(const Pairs* p, const long i, const long j) {
  bool seen = true;
#ifdef RUNS
  __global const RUNS* r = p->runs + i * 4;
  seen = (j >= r[0] && j < r[1]) || (j >= r[2] && j < r[3]);
#endif
#ifdef BLOCKS
  seen = seen && p->blocks[i / 64 * p->block_columns + j / 64];
#endif
#ifdef VISIBLE
  seen = seen && p->visible[i * p->visible_i + j * p->visible_j];
#endif
  return seen;
}

// What is added to the score.
inline T added(const Pairs* p, const long i, const long j) {
  T s = 0;
#ifdef BIAS
  s += p->bias[i * p->bias_i + j * p->bias_j];
#endif
#ifdef SLOPES
  s -= p->slope * (T) abs(position(p, i) - j);
#endif
#ifdef DECAY
  s += p->decay[clamp(position(p, i), 0L, p->sk - 1)] - p->decay[j];
#endif
#ifdef RELATIVE
  s += p->relative[clamp(j - position(p, i) + p->relative_n / 2, 0L, p->relative_n - 1)];
#endif
  return s;
}

inline T kept_of(const Pairs* p, const long i, const long j) {
#ifdef DROPOUT
  const long row = (p->b * p->heads + p->h) * p->sk + j;
  return philox_word((ulong) p->seed, (ulong) (row * ((p->sq + 63) / 64 * 64) + i)) < p->threshold ? (T) 0 : p->kept;
#else
  return 1;
#endif
}

inline T factor_of(const Pairs* p, const long i, const long j) {
#ifdef FACTOR
  return p->factor[clamp(j - position(p, i) + p->factor_n / 2, 0L, p->factor_n - 1)];
#else
  return 1;
#endif
}
