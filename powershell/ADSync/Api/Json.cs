using System;
using System.Collections;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Causeway.ADSync.Api;

/// <summary>
/// The part of JSON that the admin API needs. Windows PowerShell 5.1 and PowerShell 7 share no JSON library, and one of our own would
/// conflict
/// with PowerShell's.
/// </summary>
internal static class Json
{
    private const int MaxDepth = 32;

    /// <summary>Objects become <see cref="JsonObject"/>, arrays lists, numbers long or double.</summary>
    /// <exception cref="FormatException">Names what was expected and where.</exception>
    public static object? Parse(string text)
    {
        var at = 0;
        var value = ParseValue(text, ref at, 0);
        SkipSpace(text, ref at);
        if (at != text.Length) throw Unexpected(text, at, "the end");
        return value;
    }

    private static object? ParseValue(string text, ref int at, int depth)
    {
        if (depth > MaxDepth) throw new FormatException($"JSON of at most {MaxDepth} levels expected");
        SkipSpace(text, ref at);
        switch (at < text.Length ? text[at] : '\0')
        {
            case '{': return ParseObject(text, ref at, depth);
            case '[': return ParseArray(text, ref at, depth);
            case '"': return ParseString(text, ref at);
            case 't': Literal(text, ref at, "true"); return true;
            case 'f': Literal(text, ref at, "false"); return false;
            case 'n': Literal(text, ref at, "null"); return null;
            default: return ParseNumber(text, ref at);
        }
    }

    private static JsonObject ParseObject(string text, ref int at, int depth)
    {
        var members = new Dictionary<string, object?>(StringComparer.Ordinal);
        at++;
        SkipSpace(text, ref at);
        while (!Take(text, ref at, '}'))
        {
            if (members.Count > 0) Expect(text, ref at, ',');
            SkipSpace(text, ref at);
            var name = ParseString(text, ref at);
            SkipSpace(text, ref at);
            Expect(text, ref at, ':');
            members[name] = ParseValue(text, ref at, depth + 1);
            SkipSpace(text, ref at);
        }
        return new JsonObject(members);
    }

    private static List<object?> ParseArray(string text, ref int at, int depth)
    {
        var items = new List<object?>();
        at++;
        SkipSpace(text, ref at);
        while (!Take(text, ref at, ']'))
        {
            if (items.Count > 0) Expect(text, ref at, ',');
            items.Add(ParseValue(text, ref at, depth + 1));
            SkipSpace(text, ref at);
        }
        return items;
    }

    private static string ParseString(string text, ref int at)
    {
        Expect(text, ref at, '"');
        var result = new StringBuilder();
        while (true)
        {
            if (at >= text.Length || text[at] < ' ') throw Unexpected(text, at, "the end of a string");
            var c = text[at++];
            if (c == '"') return result.ToString();
            result.Append(c == '\\' ? ParseEscape(text, ref at) : c);
        }
    }

    private static char ParseEscape(string text, ref int at)
    {
        var c = at < text.Length ? text[at++] : '\0';
        switch (c)
        {
            case '"': case '\\': case '/': return c;
            case 'b': return '\b';
            case 'f': return '\f';
            case 'n': return '\n';
            case 'r': return '\r';
            case 't': return '\t';
            case 'u' when at + 4 <= text.Length && ushort.TryParse(text.Substring(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit):
                at += 4;
                return (char)unit;
            default: throw Unexpected(text, at - 1, "an escape");
        }
    }

    private static object ParseNumber(string text, ref int at)
    {
        var start = at;
        while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0) at++;
        var token = text.Substring(start, at - start);
        if (long.TryParse(token, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer)) return integer;
        if (double.TryParse(token, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
        throw Unexpected(text, start, "a value");
    }

    private static void Literal(string text, ref int at, string word)
    {
        if (string.CompareOrdinal(text, at, word, 0, word.Length) != 0) throw Unexpected(text, at, word);
        at += word.Length;
    }

    private static void SkipSpace(string text, ref int at)
    {
        while (at < text.Length && " \t\r\n".IndexOf(text[at]) >= 0) at++;
    }

    private static bool Take(string text, ref int at, char c)
    {
        if (at >= text.Length || text[at] != c) return false;
        at++;
        return true;
    }

    private static void Expect(string text, ref int at, char c)
    {
        if (!Take(text, ref at, c)) throw Unexpected(text, at, $"'{c}'");
    }

    private static FormatException Unexpected(string text, int at, string expected) =>
        new FormatException(at < text.Length ? $"JSON: {expected} expected at character {at}" : $"JSON: {expected} expected, but it ends");

    /// <summary>Writes null, strings, booleans, numbers, dictionaries with text keys, and sequences.</summary>
    public static string Write(object? value)
    {
        var output = new StringBuilder();
        Write(output, value);
        return output.ToString();
    }

    private static void Write(StringBuilder output, object? value)
    {
        switch (value)
        {
            case null: output.Append("null"); break;
            case string text: WriteString(output, text); break;
            case bool flag: output.Append(flag ? "true" : "false"); break;
            case IDictionary<string, object?> members: WriteMembers(output, members); break;
            case IEnumerable items: WriteItems(output, items); break;
            case IFormattable number: output.Append(number.ToString(null, CultureInfo.InvariantCulture)); break;
            default: throw new ArgumentException($"a {value.GetType().Name} has no JSON");
        }
    }

    private static void WriteMembers(StringBuilder output, IDictionary<string, object?> members)
    {
        var separator = '{';
        foreach (var member in members)
        {
            output.Append(separator);
            WriteString(output, member.Key);
            output.Append(':');
            Write(output, member.Value);
            separator = ',';
        }
        output.Append(separator == '{' ? "{}" : "}");
    }

    private static void WriteItems(StringBuilder output, IEnumerable items)
    {
        var separator = '[';
        foreach (var item in items)
        {
            output.Append(separator);
            Write(output, item);
            separator = ',';
        }
        output.Append(separator == '[' ? "[]" : "]");
    }

    private static void WriteString(StringBuilder output, string text)
    {
        output.Append('"');
        foreach (var c in text)
        {
            if (c == '"' || c == '\\') output.Append('\\').Append(c);
            else if (c < ' ' || char.IsSurrogate(c)) output.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
            else output.Append(c);
        }
        output.Append('"');
    }
}
