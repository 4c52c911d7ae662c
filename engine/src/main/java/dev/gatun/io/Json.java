package dev.gatun.io;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Reads JSON (RFC 8259) from files that are not trusted: objects as [Map] in their order, arrays
/// as [List], text as [String], whole numbers as [Long], true and false as [Boolean]. What no
/// format of ours holds is refused: null, fractions and exponents, a key twice in an object, and
/// nesting beyond [#MAX_DEPTH].
final class Json {
  private static final int MAX_DEPTH = 8;

  private final String text;
  private final String where;
  private int at;

  private Json(String text, String where) {
    this.text = text;
    this.where = where;
  }

  /// The one value that `text` holds, blanks around it aside.
  ///
  /// @throws IOException if the text is anything else
  static Object read(String text, String where) throws IOException {
    Json json = new Json(text, where);
    Object value = json.value(0);
    if (json.peek() != 0 || json.at < text.length()) {
      throw json.bad("nothing more");
    }
    return value;
  }

  private Object value(int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw bad("at most " + MAX_DEPTH + " levels");
    }
    return switch (peek()) {
      case '{' -> object(depth);
      case '[' -> array(depth);
      case '"' -> string();
      case 't', 'f' -> bool();
      case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9' -> number();
      default -> throw bad("an object, an array, text, a whole number, true or false");
    };
  }

  private Map<String, Object> object(int depth) throws IOException {
    Map<String, Object> entries = new LinkedHashMap<>();
    expect('{');
    if (accept('}')) {
      return entries;
    }
    do {
      if (peek() != '"') {
        throw bad("a key");
      }
      String key = string();
      expect(':');
      if (entries.put(key, value(depth + 1)) != null) {
        throw bad("each key once; '" + NpyHeader.printable(key) + "' ends");
      }
    } while (accept(','));
    expect('}');
    return Collections.unmodifiableMap(entries);
  }

  private List<Object> array(int depth) throws IOException {
    List<Object> elements = new ArrayList<>();
    expect('[');
    if (accept(']')) {
      return elements;
    }
    do {
      elements.add(value(depth + 1));
    } while (accept(','));
    expect(']');
    return Collections.unmodifiableList(elements);
  }

  private Long number() throws IOException {
    int digits = text.charAt(at) == '-' ? at + 1 : at;
    int end = digits;
    while (end < text.length() && text.charAt(end) >= '0' && text.charAt(end) <= '9') {
      end++;
    }
    boolean padded = end > digits + 1 && text.charAt(digits) == '0';
    boolean goesOn = end < text.length() && ".eE".indexOf(text.charAt(end)) >= 0;
    try {
      if (!padded && !goesOn) {
        long n = Long.parseLong(text, at, end, 10);
        at = end;
        return n;
      }
    } catch (NumberFormatException e) {
      // Said below: the digits are missing or too many.
    }
    throw bad("a whole number below 2^63");
  }

  private Boolean bool() throws IOException {
    for (String word : List.of("true", "false")) {
      if (text.startsWith(word, at)) {
        at += word.length();
        return word.equals("true");
      }
    }
    throw bad("true or false");
  }

  private String string() throws IOException {
    StringBuilder s = new StringBuilder();
    at++;
    while (at < text.length() && text.charAt(at) != '"') {
      char c = text.charAt(at++);
      if (c < ' ') {
        throw bad("text without control characters");
      }
      s.append(c == '\\' ? escaped() : c);
    }
    if (at == text.length()) {
      throw bad("a closing quote");
    }
    at++;
    if (!NpyHeader.isText(s)) {
      throw bad("whole characters in text, no half surrogates,");
    }
    return s.toString();
  }

  private char escaped() throws IOException {
    char c = at < text.length() ? text.charAt(at++) : 0;
    return switch (c) {
      case '"', '\\', '/' -> c;
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> unicode();
      default -> throw bad("an escape that JSON has");
    };
  }

  private char unicode() throws IOException {
    int code = 0;
    for (int i = 0; i < 4; i++) {
      int digit = at < text.length() ? hex(text.charAt(at++)) : -1;
      if (digit < 0) {
        throw bad("four hexadecimal digits");
      }
      code = code * 16 + digit;
    }
    return (char) code;
  }

  /// [Character#digit] takes the digits of every script.
  private static int hex(char c) {
    return c < 128 ? Character.digit(c, 16) : -1;
  }

  private boolean accept(char c) {
    boolean there = peek() == c;
    at += there ? 1 : 0;
    return there;
  }

  private void expect(char c) throws IOException {
    if (!accept(c)) {
      throw bad(String.valueOf(c));
    }
  }

  /// The next character after blanks, or 0 at the end.
  private char peek() {
    while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    return at < text.length() ? text.charAt(at) : 0;
  }

  private IOException bad(String wanted) {
    int from = Math.max(0, Math.min(at, text.length()) - 20);
    String near = text.substring(from, Math.min(text.length(), from + 40));
    return NpyHeader.bad(
        where,
        "the header must be JSON with %s at character %d; got %s"
            .formatted(wanted, at, NpyHeader.printable(near)));
  }
}
