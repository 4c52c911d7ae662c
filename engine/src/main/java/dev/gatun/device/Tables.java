package dev.gatun.device;

import java.util.Arrays;
import java.util.function.LongFunction;

/// What kernels work out once and read in every later call, such as roots of unity: immutable
/// values by type and number. Finding one takes no lock and allocates nothing.
///
/// A bounded number is kept; the oldest goes first, and its memory with it, once no call uses it.
public final class Tables {
  private static final int KEPT = 64;

  private record Entry(Class<?> type, long key, Object value) {}

  private volatile Entry[] entries = {};

  /// No tables yet.
  public Tables() {}

  /// The table of this type and number, made by `maker` if there is none.
  public <T> T get(Class<T> type, long key, LongFunction<T> maker) {
    for (Entry e : entries) {
      if (e.key == key && e.type == type) {
        return type.cast(e.value);
      }
    }
    return make(type, key, maker);
  }

  private <T> T make(Class<T> type, long key, LongFunction<T> maker) {
    T value = maker.apply(key);
    synchronized (this) {
      Entry[] old = entries;
      int kept = Math.min(old.length, KEPT - 1);
      Entry[] next = new Entry[kept + 1];
      next[0] = new Entry(type, key, value);
      System.arraycopy(old, 0, next, 1, kept);
      entries = next;
    }
    return value;
  }

  @Override
  public String toString() {
    return "Tables" + Arrays.stream(entries).map(e -> e.type.getSimpleName() + e.key).toList();
  }
}
