using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;

namespace Causeway.PowerShellHost;

/// <summary>Plain text on standard output and standard error, and nobody to ask.</summary>
internal sealed class ConsoleHost : PSHost
{
    public int ExitCode { get; private set; }

    public override CultureInfo CurrentCulture { get; } = new("en-US");

    public override CultureInfo CurrentUICulture { get; } = new("en-US");

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override string Name => "CausewayHost";

    public override PSHostUserInterface UI { get; } = new ConsoleUI();

    public override Version Version { get; } = new(1, 0);

    /// <summary>The message, and what a program would look at.</summary>
    public static void WriteError(ErrorRecord error) => Console.Error.WriteLine($"{error} [{error.CategoryInfo.Category}, {error.FullyQualifiedErrorId}]");

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
