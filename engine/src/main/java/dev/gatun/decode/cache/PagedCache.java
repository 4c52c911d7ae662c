package dev.gatun.decode.cache;

import dev.gatun.op.sequence.attention.Attention;
import dev.gatun.op.sequence.attention.AttentionOptions;
import dev.gatun.op.sequence.attention.Operand;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A pool of pages of a fixed number of tokens that sequences share, each with a table of its
/// pages: memory is taken by the page and given back, and sequences that begin alike share what
/// they have in common (Kwon et al., PagedAttention, arXiv 2309.06180).
///
/// A sequence is opened, forked from another, rolled back and closed by its number; tokens go in
/// and out through a [Batch] of sequences. A fork takes no memory: pages count their readers, and a
/// page that is not full is copied by the first of them to append.
///
/// Attention gathers the pages of the batch into one buffer of the step, a copy of what is held
/// (three passes over memory instead of one), and is then that of a [ContiguousCache] of as many
/// tokens as the longest table has, bit for bit. Memory: `pages` times `page` tokens of `Hk (D +
/// Dv)` numbers, whatever the sequences are.
public final class PagedCache {
  private static final String NAME = "PagedCache";

  private final CacheSpec spec;
  private final int page;
  private final Rows keys;
  private final Rows values;
  private final int[] readers;
  private final int[] free;
  private int freeCount;
  private final Map<Integer, Sequence> sequences = new TreeMap<>();
  private int next;

  /// Pages of a sequence, in order, and its tokens.
  private static final class Sequence {
    final List<Integer> pages = new ArrayList<>();
    long length;
  }

  private PagedCache(Scope home, CacheSpec spec, int pages, int page) {
    this.spec = spec;
    this.page = page;
    keys = new Rows(home, spec.dtype(), pages, spec.heads(), page, spec.keyDim());
    values = new Rows(home, spec.dtype(), pages, spec.heads(), page, spec.valueDim());
    readers = new int[pages];
    free = new int[pages];
    for (int i = 0; i < pages; i++) {
      free[i] = pages - 1 - i;
    }
    freeCount = pages;
  }

  /// A pool of `pages` pages of `page` tokens, without sequences, in memory of `home`. The batch of
  /// `spec` is not looked at.
  ///
  /// @throws IllegalArgumentException unless there are pages, of 16, 32, 64, 128 or 256 tokens
  public static PagedCache of(Scope home, CacheSpec spec, int pages, int page) {
    CacheRules.require(
        pages > 0 && page >= 16 && page <= 256 && Integer.bitCount(page) == 1,
        NAME,
        "there must be pages, of 16, 32, 64, 128 or 256 tokens; got %d pages of %d",
        pages,
        page);
    return new PagedCache(home, spec, pages, page);
  }

  /// A new sequence without tokens.
  ///
  /// @return its number
  public int open() {
    sequences.put(next, new Sequence());
    return next++;
  }

  /// A new sequence with the tokens of another, whose pages it shares until either appends.
  ///
  /// @return its number
  /// @throws IllegalArgumentException if there is no such sequence
  public int fork(int sequence) {
    Sequence from = sequence(sequence);
    int id = open();
    Sequence to = sequence(id);
    to.pages.addAll(from.pages);
    to.length = from.length;
    to.pages.forEach(p -> readers[p]++);
    return id;
  }

  /// Drops the last `n` tokens of a sequence, and pages that hold none any more.
  ///
  /// @throws IllegalArgumentException if there is no such sequence or it has fewer tokens
  public void rollback(int sequence, long n) {
    Sequence s = sequence(sequence);
    CacheRules.require(
        n >= 0 && n <= s.length, NAME, "tokens to drop must be there; got %d of %d", n, s.length);
    s.length -= n;
    while (s.pages.size() > pagesFor(s.length)) {
      release(s.pages.removeLast());
    }
  }

  /// Ends a sequence; pages that no other reads are free again.
  ///
  /// @throws IllegalArgumentException if there is no such sequence
  public void close(int sequence) {
    sequence(sequence).pages.forEach(this::release);
    sequences.remove(sequence);
  }

  private Sequence sequence(int id) {
    Sequence s = sequences.get(id);
    if (s == null) {
      throw new IllegalArgumentException(
          "%s: the sequence must be open; got %d of %s".formatted(NAME, id, sequences.keySet()));
    }
    return s;
  }

  private long pagesFor(long tokens) {
    return (tokens + page - 1) / page;
  }

  private void release(int p) {
    readers[p]--;
    if (readers[p] == 0) {
      free[freeCount++] = p;
    }
  }

  private int take() {
    int p = free[--freeCount];
    readers[p] = 1;
    return p;
  }

  /// Tokens of a sequence.
  ///
  /// @throws IllegalArgumentException if there is no such sequence
  public long length(int sequence) {
    return sequence(sequence).length;
  }

  /// Pages that no sequence reads.
  public int freePages() {
    return freeCount;
  }

  /// `Hk (D + Dv)` numbers.
  public long bytesPerToken() {
    return spec.tokenBytes();
  }

  /// Bytes of a page.
  public long pageBytes() {
    return page * spec.tokenBytes();
  }

  /// Bytes of pages that sequences read, each page counted once.
  public long usedBytes() {
    return (readers.length - freeCount) * pageBytes();
  }

  /// Bytes that sharing saves: what further readers of pages would take on their own.
  public long sharedBytes() {
    return Arrays.stream(readers).mapToLong(r -> Math.max(0, r - 1)).sum() * pageBytes();
  }

  /// Bytes of the pool.
  public long bytes() {
    return keys.bytes() + values.bytes();
  }

  /// Sequences to append to and to attend for together, in this order.
  ///
  /// @throws IllegalArgumentException if there is none, one is not open or one comes twice
  public Batch batch(int... sequences) {
    List<Integer> ids = Arrays.stream(sequences).boxed().toList();
    CacheRules.require(
        !ids.isEmpty() && ids.stream().distinct().count() == ids.size(),
        NAME,
        "a batch must have sequences, each once; got %s",
        ids);
    ids.forEach(this::sequence);
    return new Batch(this, ids);
  }

  /// Some sequences of a pool. Valid as long as all of them are open.
  ///
  /// @param cache the pool
  /// @param sequences their numbers
  public record Batch(PagedCache cache, List<Integer> sequences) implements KeyValueCache {
    private List<Sequence> open() {
      return sequences.stream().map(cache::sequence).toList();
    }

    private CacheSpec spec() {
      return cache.spec.withBatch(sequences.size());
    }

    @Override
    public void append(Tensor k, Tensor v) {
      cache.append(open(), k, v, CacheRules.tokens(NAME, spec(), k, v));
    }

    /// Any options of [Attention] but [Operand#KEY_LENGTHS]; operands that have an axis of keys
    /// have the tokens of as many pages as the longest sequence has.
    @Override
    public Attention.Result attend(Tensor q, AttentionOptions options) {
      CacheRules.queries(NAME, spec(), q);
      CacheRules.require(
          !options.operands().containsKey(Operand.KEY_LENGTHS),
          NAME,
          "lengths of keys are its own; got options with some");
      return cache.attend(open(), q, options);
    }

    @Override
    public long length() {
      return open().stream().mapToLong(s -> s.length).max().orElse(0);
    }

    @Override
    public long bytesPerToken() {
      return cache.bytesPerToken();
    }

    /// Bytes of the pool.
    @Override
    public long bytes() {
      return cache.bytes();
    }
  }

  private void append(List<Sequence> batch, Tensor k, Tensor v, long n) {
    if (n == 0) {
      return;
    }
    long needed = pagesNeeded(batch, n);
    if (needed > freeCount) {
      throw new IllegalStateException(
          "%s: %d of %d pages are free; got %d tokens for each of %d sequences, which take %d pages"
              .formatted(NAME, freeCount, readers.length, n, batch.size(), needed));
    }
    long[] places = new long[Math.toIntExact(batch.size() * n)];
    int at = 0;
    for (Sequence s : batch) {
      own(s);
      while (s.pages.size() < pagesFor(s.length + n)) {
        s.pages.add(take());
      }
      for (long t = s.length; t < s.length + n; t++) {
        places[at++] = (long) s.pages.get((int) (t / page)) * page + t % page;
      }
    }
    keys.write(k, places);
    values.write(v, places);
    batch.forEach(s -> s.length += n);
  }

  /// Pages that `n` more tokens of each sequence take, copies of shared ones included: of those who
  /// share a page, the last one keeps it.
  private long pagesNeeded(List<Sequence> batch, long n) {
    long needed = 0;
    Map<Integer, Integer> left = new TreeMap<>();
    for (Sequence s : batch) {
      needed += pagesFor(s.length + n) - s.pages.size();
      if (s.length % page != 0
          && left.merge(s.pages.getLast(), 1, Integer::sum) < readers[s.pages.getLast()]) {
        needed++;
      }
    }
    return needed;
  }

  /// Whether the sequence's last page is not full and has other readers.
  private boolean isShared(Sequence s) {
    return s.length % page != 0 && readers[s.pages.getLast()] > 1;
  }

  /// Gives the sequence a last page of its own.
  private void own(Sequence s) {
    if (!isShared(s)) {
      return;
    }
    int from = s.pages.removeLast();
    int to = take();
    readers[from]--;
    s.pages.add(to);
    copy(keys, from, to);
    copy(values, from, to);
  }

  private void copy(Rows rows, int from, int to) {
    try (Scope copies = rows.device().scope("page")) {
      Tensor old = rows.read(copies.tensor(Shape.of(1, 1), (long) from), page);
      long[] places = new long[page];
      Arrays.setAll(places, i -> (long) to * page + i);
      rows.write(old, places);
    }
  }

  private Attention.Result attend(List<Sequence> batch, Tensor q, AttentionOptions options) {
    int m = batch.stream().mapToInt(s -> s.pages.size()).max().orElse(0);
    long[] table = new long[Math.multiplyExact(batch.size(), m)];
    Arrays.fill(table, -1);
    long[] lengths = new long[batch.size()];
    for (int b = 0; b < lengths.length; b++) {
      Sequence s = batch.get(b);
      lengths[b] = s.length;
      for (int i = 0; i < s.pages.size(); i++) {
        table[b * m + i] = s.pages.get(i);
      }
    }
    Scope step = q.scope();
    Tensor pages = step.tensor(Shape.of(lengths.length, m), table);
    Tensor filled = step.tensor(Shape.of(lengths.length), lengths);
    return Attention.of(
        q,
        keys.read(pages, page),
        values.read(pages, page),
        options.with(Operand.KEY_LENGTHS, filled));
  }
}
