package dev.gatun.structure;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import javax.lang.model.element.Modifier;

/// What every source of the repository keeps to. A rule returns its violations, one line each.
final class SourceRules {
  static final int FILE_LINES = 500;
  static final int METHOD_LINES = 40;
  static final int KERNEL_LINES = 100;
  static final int PUBLIC_TYPES = 15;

  /// Packages of many small alike types, where a reader looks for one by name; kernels' loops are
  /// public only to the ops beside them, since their package is not exported.
  private static final Set<String> CATALOGUES =
      Set.of(
          "dev.gatun.op.linear",
          "dev.gatun.op.loss",
          "dev.gatun.op.math",
          "dev.gatun.op.reduce",
          "dev.gatun.op.sequence.attention",
          "dev.gatun.op.shape",
          "dev.gatun.cpu.simd");

  private static final Set<String> THREAD_LOCALS = Set.of("ThreadLocal", "InheritableThreadLocal");

  private static final Pattern VAGUE = Pattern.compile("(Utils?|Common|Manager|Helpers?|Impl)$");
  private static final Pattern VAGUE_PACKAGE =
      Pattern.compile("\\.(utils?|common|managers?|helpers?|impl)(\\.|$)");

  private SourceRules() {}

  static List<String> sizes(List<Source> sources) {
    List<String> found = new ArrayList<>();
    for (Source s : sources) {
      if (s.lines() > FILE_LINES) {
        found.add("%s has %d lines, more than %d".formatted(s.path(), s.lines(), FILE_LINES));
      }
      for (Source.Method m : s.methods()) {
        int limit = limit(s, m);
        if (m.lines() > limit) {
          found.add(
              "%s: %s.%s has %d lines, more than %d"
                  .formatted(s.path(), m.type(), m.name(), m.lines(), limit));
        }
      }
    }
    return found;
  }

  static List<String> names(List<Source> sources) {
    List<String> found = new ArrayList<>();
    for (Source s : sources) {
      if (VAGUE_PACKAGE.matcher(s.packageName()).find()) {
        found.add("%s: package %s says nothing".formatted(s.path(), s.packageName()));
      }
      for (ClassTree type : s.types()) {
        if (VAGUE.matcher(type.getSimpleName()).find()) {
          found.add("%s: the name %s says nothing".formatted(s.path(), type.getSimpleName()));
        }
      }
    }
    return found;
  }

  static List<String> state(List<Source> sources) {
    List<String> found = new ArrayList<>();
    for (Source s : sources) {
      for (ClassTree type : s.types()) {
        for (Tree member : type.getMembers()) {
          if (member instanceof VariableTree field && isMutableStatic(field)) {
            found.add("%s: static %s is not final".formatted(s.path(), field.getName()));
          }
        }
      }
      if (s.identifiers().stream().anyMatch(THREAD_LOCALS::contains)) {
        found.add("%s: thread-local state".formatted(s.path()));
      }
    }
    return found;
  }

  static List<String> packages(List<Source> sources) {
    var count = new TreeMap<String, Integer>();
    for (Source s : sources) {
      if (s.isMain() && s.path().startsWith("engine/")) {
        for (Tree type : s.unit().getTypeDecls()) {
          if (type instanceof ClassTree c
              && c.getModifiers().getFlags().contains(Modifier.PUBLIC)) {
            count.merge(s.packageName(), 1, Integer::sum);
          }
        }
      }
    }
    List<String> found = new ArrayList<>();
    count.forEach((name, n) -> {
      if (n > PUBLIC_TYPES && !CATALOGUES.contains(name)) {
        found.add("%s has %d public types, more than %d".formatted(name, n, PUBLIC_TYPES));
      }
    });
    return found;
  }

  /// Kernels are straight-line code and tests are tables: both read better in one piece.
  private static int limit(Source s, Source.Method m) {
    boolean kernel =
        s.packageName().equals("dev.gatun.cpu.simd")
            || s.path().endsWith("Simd.java")
            || m.name().startsWith("reference");
    return kernel || !s.isMain() ? KERNEL_LINES : METHOD_LINES;
  }

  private static boolean isMutableStatic(VariableTree field) {
    Set<Modifier> flags = field.getModifiers().getFlags();
    return flags.contains(Modifier.STATIC) && !flags.contains(Modifier.FINAL);
  }
}
