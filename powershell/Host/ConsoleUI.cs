using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Management.Automation.Internal;
using System.Security;

namespace Causeway.PowerShellHost;

/// <summary>Writes lines as they come. Progress goes to standard error.</summary>
internal sealed class ConsoleUI : PSHostUserInterface
{
    public override PSHostRawUserInterface RawUI { get; } = new RawConsole();

    public override void Write(string value) => Console.Out.Write(Plain(value));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Console.Out.Write(Plain(value));

    public override void WriteLine(string value) => Console.Out.WriteLine(Plain(value));

    public override void WriteErrorLine(string value) => Console.Error.WriteLine(value);

    public override void WriteDebugLine(string message) => Console.Error.WriteLine($"DEBUG: {message}");

    public override void WriteVerboseLine(string message) => Console.Error.WriteLine($"VERBOSE: {message}");

    public override void WriteWarningLine(string message) => Console.Error.WriteLine($"WARNING: {message}");

    public override void WriteProgress(long sourceId, ProgressRecord record) =>
        Console.Error.WriteLine($"PROGRESS: {record.Activity}: {record.StatusDescription} ({record.PercentComplete} %, {record.SecondsRemaining} s, {record.RecordType})");

    public override string ReadLine() => throw Nobody();

    public override SecureString ReadLineAsSecureString() => throw Nobody();

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw Nobody();

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => throw Nobody();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Nobody();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Nobody();

    /// <summary>Colours are a host's to show or to leave out.</summary>
    private static string Plain(string text) => new StringDecorated(text).ToString(OutputRendering.PlainText);

    private static HostException Nobody() => new("there is nobody to ask");
}

/// <summary>A screen that is wide enough for every table.</summary>
internal sealed class RawConsole : PSHostRawUserInterface
{
    private static readonly Size Screen = new(200, 5000);

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Size BufferSize { get => Screen; set { } }

    public override Coordinates CursorPosition { get; set; }

    public override int CursorSize { get; set; } = 1;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.White;

    public override bool KeyAvailable => false;

    public override Size MaxPhysicalWindowSize => Screen;

    public override Size MaxWindowSize => Screen;

    public override Coordinates WindowPosition { get; set; }

    public override Size WindowSize { get => Screen; set { } }

    public override string WindowTitle { get; set; } = string.Empty;

    public override void FlushInputBuffer()
    {
    }

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) => throw new NotSupportedException();

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();
}
