package dev.gatun.op.linear;

import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/// Sums of products over named axes: `bij,bjk->bik` is `y[b, i, k] = sum_j a[b, i, j] c[b, j, k]`.
///
/// A letter names an axis of every operand where it stands; letters that are not in the result are
/// summed over. A letter twice in one operand takes its diagonal. `...` stands for any number of
/// leading axes, aligned from the right, that broadcast. Without an arrow the result has the axes
/// of `...`, then all letters that stand once, in the order of the alphabet.
///
/// Diagonals and sums of single operands come first; then pairs are joined, the cheapest first,
/// each as one batched [MatMul] of permuted views, or an elementwise product where nothing is
/// summed. The gradient is that of these ops. Error: as theirs.
public final class Einsum {
  /// Axes of `...` have the labels `FREE`, `FREE + 1` and so on, from the last axis on.
  private static final int FREE = 1 << 16;

  private final String equation;
  private final Tensor[] in;
  private final Map<Integer, Long> sizes = new HashMap<>();

  /// An operand and the label of each of its axes.
  private record Term(Tensor tensor, List<Integer> labels) {}

  private Einsum(String equation, Tensor[] in) {
    this.equation = equation;
    this.in = in;
  }

  /// The sum that `equation` describes.
  ///
  /// @throws IllegalArgumentException if the equation is malformed or does not fit the operands
  public static Tensor of(String equation, Tensor... in) {
    return new Einsum(equation.replace(" ", ""), in).run();
  }

  /// `y[i.., j..] = a[i..] b[j..]`: every element of one times every element of the other.
  public static Tensor outer(Tensor a, Tensor b) {
    long[] dims = Arrays.copyOf(a.shape().dims(), a.shape().rank() + b.shape().rank());
    Arrays.fill(dims, a.shape().rank(), dims.length, 1);
    return a.reshape(dims).mul(b);
  }

  private void require(boolean holds, String rule) {
    if (!holds) {
      String got =
          Arrays.stream(in).map(t -> t.spec().toString()).collect(Collectors.joining(", "));
      throw new IllegalArgumentException(
          "Einsum[" + equation + "]: " + rule + "; got " + (got.isEmpty() ? "none" : got));
    }
  }

  private Tensor run() {
    int arrow = equation.indexOf("->");
    String left = arrow < 0 ? equation : equation.substring(0, arrow);
    List<String> names = List.of(left.split(",", -1));
    require(in.length > 0 && names.size() == in.length, "there must be a name for each operand");
    List<Term> terms = new ArrayList<>();
    for (int i = 0; i < in.length; i++) {
      terms.add(term(in[i], names.get(i)));
    }
    List<Integer> result =
        arrow < 0 ? implied(terms) : labels(equation.substring(arrow + 2), dots(terms));
    require(
        result.stream().distinct().count() == result.size() && sizes.keySet().containsAll(result),
        "a label of the result must stand there once, and in an operand");
    terms.replaceAll(this::diagonals);
    terms.replaceAll(this::withoutSingles);
    for (int i = 0; i < terms.size(); i++) {
      terms.set(i, reduced(terms.get(i), needed(terms, List.of(i), result)));
    }
    while (terms.size() > 1) {
      join(terms, result);
    }
    return arranged(terms.get(0), result);
  }

  /// Axes of `...` of all operands together.
  private static int dots(List<Term> terms) {
    return terms.stream()
        .flatMap(t -> t.labels().stream())
        .mapToInt(l -> l - FREE + 1)
        .filter(n -> n > 0)
        .max()
        .orElse(0);
  }

  private List<Integer> implied(List<Term> terms) {
    List<Integer> all = terms.stream().flatMap(t -> t.labels().stream()).toList();
    List<Integer> result = new ArrayList<>(labels("...", dots(terms)));
    all.stream()
        .filter(l -> l < FREE && all.indexOf(l) == all.lastIndexOf(l))
        .sorted()
        .forEach(result::add);
    return result;
  }

  /// The labels that `text` names, with `dots` of them for an ellipsis.
  private List<Integer> labels(String text, int dots) {
    List<Integer> labels = new ArrayList<>();
    int ellipsis = text.indexOf("...");
    for (int i = 0; i < text.length(); i++) {
      if (i == ellipsis) {
        for (int d = dots - 1; d >= 0; d--) {
          labels.add(FREE + d);
        }
        i += 2;
      } else {
        require(
            Character.isLetter(text.charAt(i)),
            "labels must be letters, '...' once an operand, and '->' before the result");
        labels.add((int) text.charAt(i));
      }
    }
    return labels;
  }

  private Term term(Tensor t, String name) {
    int rank = t.shape().rank();
    boolean open = name.contains("...");
    int letters = open ? name.length() - 3 : name.length();
    require(
        open ? rank >= letters : rank == letters,
        "'" + name + "' must name the axes of its operand");
    List<Integer> labels = labels(name, rank - letters);
    for (int i = 0; i < rank; i++) {
      long size = t.dim(i);
      long known = sizes.getOrDefault(labels.get(i), size);
      boolean repeats = labels.get(i) >= FREE && (size == 1 || known == 1);
      require(size == known || repeats, "sizes of one label must agree");
      sizes.put(labels.get(i), size == 1 ? known : size);
    }
    return new Term(t, labels);
  }

  /// Takes the diagonal of axes with the same label.
  private Term diagonals(Term t) {
    for (int i = 0; i < t.labels().size(); i++) {
      int j = t.labels().lastIndexOf(t.labels().get(i));
      if (j > i) {
        return diagonals(diagonal(t, i, j));
      }
    }
    return t;
  }

  /// Every `n + 1`-st element of two axes of size `n` made one.
  private static Term diagonal(Term t, int i, int j) {
    int rank = t.labels().size();
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, rank).filter(a -> a != i && a != j).boxed().toList());
    List<Integer> labels = new ArrayList<>(order.stream().map(t.labels()::get).toList());
    labels.add(t.labels().get(i));
    order.add(i);
    order.add(j);
    Tensor square = t.tensor().permute(ints(order));
    long n = square.dim(-1);
    long[] dims = Arrays.copyOf(square.shape().dims(), rank - 1);
    dims[rank - 2] = n * n;
    return new Term(square.reshape(dims).slice(rank - 2, 0, n * n, n + 1), labels);
  }

  /// Drops axes of size 1 that broadcast against longer ones.
  private Term withoutSingles(Term t) {
    for (int i = 0; i < t.labels().size(); i++) {
      if (t.tensor().dim(i) != sizes.getOrDefault(t.labels().get(i), 1L)) {
        Integer single = t.labels().get(i);
        List<Integer> labels = t.labels().stream().filter(l -> !l.equals(single)).toList();
        Tensor less = t.tensor().reshape(t.tensor().shape().without(i).dims());
        return withoutSingles(new Term(less, labels));
      }
    }
    return t;
  }

  /// Labels that somebody beside the terms with these numbers wants.
  private static List<Integer> needed(List<Term> terms, List<Integer> but, List<Integer> result) {
    List<Integer> needed = new ArrayList<>(result);
    for (int i = 0; i < terms.size(); i++) {
      if (!but.contains(i)) {
        needed.addAll(terms.get(i).labels());
      }
    }
    return needed;
  }

  /// Sums over the labels that nobody needs.
  private static Term reduced(Term t, List<Integer> needed) {
    int[] gone =
        IntStream.range(0, t.labels().size())
            .filter(i -> !needed.contains(t.labels().get(i)))
            .toArray();
    if (gone.length == 0) {
      return t;
    }
    return new Term(t.tensor().sum(gone), t.labels().stream().filter(needed::contains).toList());
  }

  /// Joins the two terms with the fewest products between them.
  private void join(List<Term> terms, List<Integer> result) {
    List<int[]> pairs = new ArrayList<>();
    for (int i = 0; i < terms.size(); i++) {
      for (int j = i + 1; j < terms.size(); j++) {
        pairs.add(new int[] {i, j});
      }
    }
    int[] best =
        pairs.stream()
            .min(Comparator.comparingDouble(p -> cost(terms.get(p[0]), terms.get(p[1]))))
            .orElseThrow();
    List<Integer> needed = needed(terms, List.of(best[0], best[1]), result);
    Term b = terms.remove(best[1]);
    terms.set(best[0], product(terms.get(best[0]), b, needed));
  }

  private double cost(Term a, Term b) {
    double cost = size(a.labels());
    for (int l : b.labels()) {
      cost *= a.labels().contains(l) ? 1 : sizes.getOrDefault(l, 1L);
    }
    return cost;
  }

  private long size(List<Integer> labels) {
    return labels.stream().mapToLong(l -> sizes.getOrDefault(l, 1L)).reduce(1, (x, y) -> x * y);
  }

  /// One product: of the labels that both have, those that are needed are a batch and the others
  /// are summed.
  private Term product(Term a, Term b, List<Integer> needed) {
    List<Integer> both = a.labels().stream().filter(b.labels()::contains).toList();
    List<Integer> batch = both.stream().filter(needed::contains).toList();
    List<Integer> summed = both.stream().filter(l -> !needed.contains(l)).toList();
    List<Integer> rows = a.labels().stream().filter(l -> !both.contains(l)).toList();
    List<Integer> columns = b.labels().stream().filter(l -> !both.contains(l)).toList();
    List<Integer> out = concat(batch, rows, columns);
    Tensor left = arranged(a, concat(batch, rows, summed));
    Tensor right = arranged(b, concat(batch, summed, columns));
    Tensor y;
    if (summed.isEmpty()) {
      y = matrix(left, batch, rows, List.of()).mul(matrix(right, batch, List.of(), columns));
    } else {
      y = matrix(left, batch, rows, summed).matmul(matrix(right, batch, summed, columns));
    }
    return new Term(y.reshape(dims(out)), out);
  }

  /// `t` as matrices of merged axes, with one more axis for a batch.
  private Tensor matrix(Tensor t, List<Integer> batch, List<Integer> rows, List<Integer> columns) {
    return batch.isEmpty()
        ? t.reshape(size(rows), size(columns))
        : t.reshape(size(batch), size(rows), size(columns));
  }

  private long[] dims(List<Integer> labels) {
    return labels.stream().mapToLong(l -> sizes.getOrDefault(l, 1L)).toArray();
  }

  private static List<Integer> concat(List<Integer> a, List<Integer> b, List<Integer> c) {
    return Stream.of(a, b, c).flatMap(List::stream).toList();
  }

  /// The axes of a term in the order `labels`.
  private static Tensor arranged(Term t, List<Integer> labels) {
    if (t.labels().equals(labels)) {
      return t.tensor();
    }
    return t.tensor().permute(ints(labels.stream().map(t.labels()::indexOf).toList()));
  }

  private static int[] ints(List<Integer> numbers) {
    return numbers.stream().mapToInt(i -> i).toArray();
  }
}
