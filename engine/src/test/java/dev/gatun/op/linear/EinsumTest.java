package dev.gatun.op.linear;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.autograd.Gradients;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EinsumTest {
  private static final Map<Character, Integer> SIZES =
      Map.of('a', 2, 'b', 3, 'i', 4, 'j', 5, 'k', 3, 'l', 2);

  private static int size(char letter) {
    return SIZES.getOrDefault(letter, 0);
  }

  /// Every equation by a loop over all its letters.
  @Test
  void equalsTheSumOverAllLetters() {
    for (String equation :
        List.of(
            "ij,jk->ik",
            "bij,bjk->bik",
            "bij,bkj->bik",
            "ij,kj->ki",
            "bi,bj->bij",
            "bij->bji",
            "ij->",
            "ij->j",
            "ii->i",
            "ii->",
            "biij->bj",
            "iji,j->i",
            "i,j,k->kji",
            "ab,bi,ij,jk->ak",
            "aij,bij,ij->ab",
            "ij,ij->",
            "ij,ij->ij",
            "i,ij,j->",
            "aij,bkl,jl->abik",
            "abi,abi->ba",
            "ijkl,k->lij",
            ",i->i")) {
      check(equation);
    }
  }

  private static void check(String equation) {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      String[] sides = equation.split("->", -1);
      List<String> names = List.of(sides[0].split(",", -1));
      List<Tensor> in = new ArrayList<>();
      for (String name : names) {
        long[] dims = name.chars().mapToLong(c -> size((char) c)).toArray();
        in.add(scope.normal(DType.F64, Shape.of(dims), 7 + in.size()).requiresGrad());
      }
      Tensor y = Einsum.of(equation, in.toArray(Tensor[]::new));
      double[] want = new double[(int) y.shape().elems()];
      char[] letters =
          equation
              .chars()
              .filter(Character::isLetter)
              .distinct()
              .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
              .toString()
              .toCharArray();
      double[][] values = in.stream().map(Tensor::toDoubleArray).toArray(double[][]::new);
      int all = 1;
      for (char c : letters) {
        all *= size(c);
      }
      Map<Character, Integer> at = new HashMap<>();
      double[] dy = scope.normal(DType.F64, y.shape(), 3).toDoubleArray();
      double[] first = new double[values[0].length];
      for (int i = 0; i < all; i++) {
        int rest = i;
        for (char c : letters) {
          at.put(c, rest % size(c));
          rest /= size(c);
        }
        double others = 1;
        for (int t = 1; t < values.length; t++) {
          others *= values[t][index(names.get(t), at)];
        }
        want[index(sides[1], at)] += others * values[0][index(names.get(0), at)];
        first[index(names.get(0), at)] += others * dy[index(sides[1], at)];
      }
      assertArrayEquals(want, y.toDoubleArray(), 1e-11, equation);
      Gradients g = y.backward(scope.tensor(DType.F64, y.shape(), dy));
      assertArrayEquals(first, g.of(in.get(0)).toDoubleArray(), 1e-11, "gradient of " + equation);
    }
  }

  private static int index(String name, Map<Character, Integer> at) {
    int index = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      index = index * size(c) + at.getOrDefault(c, 0);
    }
    return index;
  }

  @Test
  void withoutAnArrowLettersThatStandOnceRemain() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor a = scope.normal(DType.F64, Shape.of(2, 3), 1);
      Tensor b = scope.normal(DType.F64, Shape.of(3, 4), 2);
      same(a.matmul(b), Einsum.of("ij, jk", a, b));
      same(a.transpose(), Einsum.of("ji", a));
    }
  }

  @Test
  void ellipsesBroadcast() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor a = scope.normal(DType.F64, Shape.of(5, 1, 2, 3), 1);
      Tensor b = scope.normal(DType.F64, Shape.of(4, 3, 6), 2);
      same(a.matmul(b), Einsum.of("...ij,...jk->...ik", a, b));
      same(a.matmul(b), Einsum.of("...ij,...jk", a, b));
      same(a.sum(), Einsum.of("...->", a));
      same(a.permute(3, 0, 1, 2), Einsum.of("...i->i...", a));
    }
  }

  @Test
  void outerProductsHaveTheAxesOfBoth() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor a = scope.normal(DType.F64, Shape.of(2, 3), 1);
      Tensor b = scope.normal(DType.F64, Shape.of(4), 2);
      assertEquals(Shape.of(2, 3, 4), a.outer(b).shape());
      same(Einsum.of("ij,k->ijk", a, b), a.outer(b));
    }
  }

  private static void same(Tensor want, Tensor got) {
    assertEquals(want.shape(), got.shape());
    assertArrayEquals(want.toDoubleArray(), got.toDoubleArray(), 1e-12);
  }

  @Test
  void badEquationsAreExplained() {
    try (CpuDevice cpu = CpuDevice.open();
        Scope scope = cpu.scope()) {
      Tensor a = scope.zeros(DType.F32, Shape.of(2, 3));
      refused("there must be a name for each operand", "ij,jk->ik", a);
      refused("there must be a name for each operand", "ij->ij");
      refused("must name the axes of its operand", "ijk->i", a);
      refused("sizes of one label must agree", "ii->i", a);
      refused("sizes of one label must agree", "ij,ij->", a, a.transpose());
      refused("a label of the result must stand there once", "ij->k", a);
      refused("a label of the result must stand there once", "ij->ii", a);
      refused("labels must be letters", "i1->i", a);
      refused("labels must be letters", "ij->i->j", a);
      refused("must name the axes", "......ij->i", scope.zeros(DType.F32, Shape.of(1, 2, 3)));
    }
  }

  private static void refused(String rule, String equation, Tensor... in) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Einsum.of(equation, in));
    String text = String.valueOf(e.getMessage());
    assertTrue(text.startsWith("Einsum[" + equation + "]: "), text);
    assertTrue(text.contains(rule) && text.contains("; got "), text + Arrays.toString(in));
  }
}
