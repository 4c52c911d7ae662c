package dev.gatun.structure;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.IdentifierTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;

/// One source file, parsed and not attributed; `path` is relative to the root of the repository.
record Source(String path, String text, CompilationUnitTree unit, SourcePositions positions) {
  /// A method or constructor with a body, and the lines from its first modifier to its last brace.
  record Method(String type, String name, int lines) {}

  private static final String GENERATED = "panama-bindings/src/main/java/dev/gatun/bindings/";

  /// Every hand-written source of every module. Tests run in the folder of their module.
  static List<Source> repository() {
    Path root = Path.of("..").toAbsolutePath().normalize();
    List<Source> found = new ArrayList<>();
    for (Path module : list(root)) {
      Path folder = module.resolve("src");
      if (!Files.exists(module.resolve("pom.xml")) || !Files.exists(folder)) {
        continue;
      }
      for (Path file : walk(folder)) {
        String path = root.relativize(file).toString().replace('\\', '/');
        if (path.endsWith(".java") && !path.startsWith(GENERATED)) {
          found.add(read(path, file));
        }
      }
    }
    return found;
  }

  static Source of(String path, String text) {
    JavaCompiler javac = ToolProvider.getSystemJavaCompiler();
    var file =
        new SimpleJavaFileObject(URI.create("mem:///" + path), SimpleJavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return text;
          }
        };
    var task = (JavacTask) javac.getTask(null, null, d -> {}, List.of(), null, List.of(file));
    try {
      CompilationUnitTree unit = task.parse().iterator().next();
      return new Source(path, text, unit, Trees.instance(task).getSourcePositions());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isMain() {
    return path.contains("/src/main/");
  }

  String packageName() {
    return unit.getPackage() == null ? "" : unit.getPackage().getPackageName().toString();
  }

  int lines() {
    return (int) text.lines().count();
  }

  List<ClassTree> types() {
    List<ClassTree> found = new ArrayList<>();
    new TreeScanner<Void, Void>() {
      @Override
      public Void visitClass(ClassTree type, Void unused) {
        found.add(type);
        return super.visitClass(type, null);
      }
    }.scan(unit, null);
    return found;
  }

  /// Every simple name the code uses.
  Set<String> identifiers() {
    Set<String> found = new HashSet<>();
    new TreeScanner<Void, Void>() {
      @Override
      public Void visitIdentifier(IdentifierTree name, Void unused) {
        found.add(name.getName().toString());
        return super.visitIdentifier(name, null);
      }
    }.scan(unit, null);
    return found;
  }

  List<Method> methods() {
    List<Method> found = new ArrayList<>();
    for (ClassTree type : types()) {
      for (Tree member : type.getMembers()) {
        if (member instanceof MethodTree method
            && method.getBody() != null
            && positions.getStartPosition(unit, method) >= 0) {
          String owner = type.getSimpleName().toString();
          found.add(new Method(owner, method.getName().toString(), lines(method)));
        }
      }
    }
    return found;
  }

  private int lines(Tree tree) {
    long from = unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
    long to = unit.getLineMap().getLineNumber(positions.getEndPosition(unit, tree));
    return (int) (to - from + 1);
  }

  private static Source read(String path, Path file) {
    try {
      return of(path, Files.readString(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> walk(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
