using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;

namespace Causeway.PowerShellHelp;

/// <summary>
/// Writes Get-Help's content from one source: the comments of cmdlets and parameters (the compiler's XML), and the syntax as PowerShell
/// itself reports it. A cmdlet, parameter or example without a comment is an error.
/// </summary>
internal static class HelpWriter
{
    private static readonly XNamespace Help = "http://msh";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Dev = "http://schemas.microsoft.com/maml/dev/2004/10";

    public static int Write(string moduleFolder, string commentsFile)
    {
        var comments = XDocument.Load(commentsFile).Descendants("member").ToDictionary(member => (string)member.Attribute("name")!);
        var problems = new List<string>();
        var cmdlets = Cmdlets(moduleFolder).Select(cmdlet => Describe(cmdlet, comments, problems)).ToList();
        foreach (var problem in problems) Console.Error.WriteLine(problem);
        if (problems.Count > 0) return 1;
        var folder = Directory.CreateDirectory(Path.Combine(moduleFolder, "en-US")).FullName;
        var document = new XDocument(new XElement(Help + "helpItems", new XAttribute("schema", "maml"), cmdlets));
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), Indent = true, NewLineChars = "\n" };
        using var writer = XmlWriter.Create(Path.Combine(folder, "ADSync.dll-Help.xml"), settings);
        document.Save(writer);
        return 0;
    }

    private static List<CmdletInfo> Cmdlets(string moduleFolder)
    {
        using var runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        runspace.Open();
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Import-Module").AddParameter("Name", Path.Combine(moduleFolder, "ADSync.psd1")).AddParameter("ErrorAction", "Stop").Invoke();
        shell.Commands.Clear();
        return [.. shell.AddCommand("Get-Command").AddParameter("Module", "ADSync").Invoke<CmdletInfo>().OrderBy(cmdlet => cmdlet.Name, StringComparer.Ordinal)];
    }

    private static XElement Describe(CmdletInfo cmdlet, Dictionary<string, XElement> comments, List<string> problems)
    {
        var type = cmdlet.ImplementingType;
        var comment = comments.GetValueOrDefault($"T:{type.FullName}");
        string Said(string part)
        {
            if (comment?.Element(part) is { } element) return Flow(element);
            problems.Add($"{type.FullName}: <{part}> expected in its comment");
            return string.Empty;
        }

        string SaidOf(string parameter)
        {
            var property = type.GetProperty(parameter)!;
            if (comments.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{parameter}")?.Element("summary") is { } element) return Flow(element);
            problems.Add($"{type.FullName}.{parameter}: <summary> expected in its comment");
            return string.Empty;
        }

        var examples = comment?.Elements("example").ToList() ?? [];
        if (examples.Count == 0) problems.Add($"{type.FullName}: an <example> expected in its comment");
        var shown = cmdlet.ParameterSets.Select(set => (Set: set, Parameters: set.Parameters.Where(p => IsOwn(p.Name)).ToList())).ToList();
        var all = shown.SelectMany(set => set.Parameters).DistinctBy(parameter => parameter.Name).ToList();
        return new XElement(
            Command + "command",
            new XAttribute(XNamespace.Xmlns + "maml", Maml),
            new XAttribute(XNamespace.Xmlns + "command", Command),
            new XAttribute(XNamespace.Xmlns + "dev", Dev),
            new XElement(
                Command + "details",
                new XElement(Command + "name", cmdlet.Name),
                Paragraphs(Maml + "description", Said("summary")),
                new XElement(Command + "verb", cmdlet.Verb),
                new XElement(Command + "noun", cmdlet.Noun)),
            Paragraphs(Maml + "description", Said("remarks")),
            new XElement(Command + "syntax", shown.Select(set => new XElement(
                Command + "syntaxItem", new XElement(Maml + "name", cmdlet.Name), set.Parameters.Select(p => Parameter(p, SaidOf(p.Name)))))),
            new XElement(Command + "parameters", all.Select(p => Parameter(p, SaidOf(p.Name)))),
            new XElement(Command + "returnValues", cmdlet.OutputType.Select(output => new XElement(
                Command + "returnValue", new XElement(Dev + "type", new XElement(Maml + "name", output.Name))))),
            new XElement(Command + "examples", examples.Select(Example)));
    }

    /// <summary>Excludes the parameters that PowerShell adds to each cmdlet and documents itself.</summary>
    private static bool IsOwn(string parameter) =>
        !Cmdlet.CommonParameters.Contains(parameter) && !Cmdlet.OptionalCommonParameters.Contains(parameter);

    private static XElement Parameter(CommandParameterInfo parameter, string description)
    {
        var pipeline = (parameter.ValueFromPipeline, parameter.ValueFromPipelineByPropertyName) switch
        {
            (true, true) => "True (ByValue, ByPropertyName)",
            (true, false) => "True (ByValue)",
            (false, true) => "True (ByPropertyName)",
            _ => "False",
        };
        var type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        return new XElement(
            Command + "parameter",
            new XAttribute("required", parameter.IsMandatory ? "true" : "false"),
            new XAttribute("globbing", "false"),
            new XAttribute("pipelineInput", pipeline),
            new XAttribute("position", parameter.Position < 0 ? "named" : parameter.Position.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            new XAttribute("aliases", parameter.Aliases.Count == 0 ? "none" : string.Join(", ", parameter.Aliases)),
            new XElement(Maml + "name", parameter.Name),
            Paragraphs(Maml + "description", description),
            type == typeof(SwitchParameter) ? null : new XElement(Command + "parameterValue", new XAttribute("required", "true"), type.Name),
            new XElement(Dev + "type", new XElement(Maml + "name", type.Name)),
            type.IsEnum ? new XElement(Command + "parameterValueGroup", Enum.GetNames(type).Select(name => new XElement(Command + "parameterValue", name))) : null);
    }

    private static XElement Example(XElement example, int index)
    {
        var lines = ((string?)example.Element("code") ?? string.Empty).Split('\n').Select(line => line.Trim());
        return new XElement(
            Command + "example",
            new XElement(Maml + "title", $"Example {index + 1}"),
            new XElement(Dev + "code", string.Join("\n", lines)),
            Paragraphs(Dev + "remarks", example.Element("para") is { } text ? Flow(text) : string.Empty));
    }

    private static XElement Paragraphs(XName name, string text) => new(name, new XElement(Maml + "para", text));

    private static string Flow(XElement element) => Regex.Replace(element.Value, @"\s+", " ").Trim();
}
