using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Management.Automation;
using Causeway.ADSync.Api;
using Microsoft.IdentityManagement.PowerShell.ObjectModel;

namespace Causeway.ADSync.Cmdlets;

/// <summary>Gets whether the password channel of a forest is on.</summary>
/// <remarks>A password channel goes from a forest's connector to the tenant's.</remarks>
/// <example>
/// <code>Get-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com</code>
/// <para>The channel of one forest.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncAADPasswordSyncConfiguration")]
[OutputType(typeof(PasswordSyncConfiguration))]
public sealed class GetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector; upper and lower case count. Every channel when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ConnectorName")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    protected override void ProcessRecord() => EmitAll(
        SourceConnector, "configurations", PasswordSyncConfiguration.From, new[] { "password-sync" }, Query("sourceConnector", SourceConnector));
}

/// <summary>Switches the password channel of a forest off or on.</summary>
/// <remarks>Switching it on starts it, and starts a channel that runs again. If the connector's parameter Microsoft.Synchronize.ForceFullPasswordSync is 1 by then, every password of that forest is read and sent again, with the legacy hashes when there is a managed domain; Get-CausewayFullPasswordSync shows how far that is. A request that finds such a synchronization still reading is merged with it, with a warning.</remarks>
/// <example>
/// <code>Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $false
/// Set-ADSyncAADPasswordSyncConfiguration -SourceConnector corp.example.com -TargetConnector 'contoso - AAD' -Enable $true</code>
/// <para>Starts the channel anew.</para>
/// </example>
[Cmdlet(VerbsCommon.Set, "ADSyncAADPasswordSyncConfiguration", SupportsShouldProcess = true)]
public sealed class SetADSyncAADPasswordSyncConfiguration : ConnectCmdlet
{
    /// <summary>The name of the forest's connector; upper and lower case count.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name", "ConnectorName")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? SourceConnector { get; set; }

    /// <summary>The name of the tenant's connector; upper and lower case count.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(TenantNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? TargetConnector { get; set; }

    /// <summary>$true switches it on, $false off.</summary>
    [Parameter(Mandatory = true, Position = 2)]
    public bool Enable { get; set; }

    protected override void ProcessRecord()
    {
        if (!ShouldProcess($"{SourceConnector} to {TargetConnector}", $"switch the password channel {(Enable ? "on" : "off")}")) return;
        var answer = Ask(SourceConnector, "PUT", new[] { "password-sync" }, body: new Dictionary<string, object?>
        {
            ["sourceConnector"] = SourceConnector,
            ["targetConnector"] = TargetConnector,
            ["enabled"] = Enable,
        });
        if (answer?.Any("fullPass") is "merged")
            WriteWarning($"A full password synchronization of '{SourceConnector}' was under way already, and this request is merged with it: Get-CausewayFullPasswordSync shows how far it is.");
    }
}

/// <summary>Gets when the passwords of each partition were last synchronized.</summary>
/// <remarks>Times are in UTC. The status is Successful, InProgress, Failed, Disabled, or None before the first cycle.</remarks>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState</code>
/// <para>Of every partition.</para>
/// </example>
/// <example>
/// <code>Get-ADSyncPartitionPasswordSyncState | Where-Object { $_.PasswordSyncLastCycleStatus -ne 'Successful' }</code>
/// <para>Partitions that somebody should look at.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "ADSyncPartitionPasswordSyncState")]
[OutputType(typeof(PartitionPasswordSyncState))]
public sealed class GetADSyncPartitionPasswordSyncState : ConnectCmdlet
{
    /// <summary>The name of a forest's connector; upper and lower case count. Every forest when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    protected override void ProcessRecord() => EmitAll(
        ConnectorName, "partitions", PartitionPasswordSyncState.From, new[] { "password-sync", "partitions" }, Query("connector", ConnectorName));
}

/// <summary>Gets how far a forced full password synchronization is.</summary>
/// <remarks>The last one of each forest: users sent and to be sent, the rate, when it is expected to end, and what it waits for. With -Wait it shows a progress bar and returns when all of them have ended. What one waits for is a warning: an administrator who has to confirm the managed domain's key, for example. With -TimeoutSeconds the wait ends then with an error, and what is known so far is returned.</remarks>
/// <example>
/// <code>Get-CausewayFullPasswordSync</code>
/// <para>The last one of each forest.</para>
/// </example>
/// <example>
/// <code>Get-CausewayFullPasswordSync -ConnectorName corp.example.com -Wait</code>
/// <para>Waits for the end of the one that the script has started.</para>
/// </example>
/// <example>
/// <code>Get-CausewayFullPasswordSync -Wait -TimeoutSeconds 600</code>
/// <para>Waits for the end of all, for ten minutes at most.</para>
/// </example>
[Cmdlet(VerbsCommon.Get, "CausewayFullPasswordSync")]
[OutputType(typeof(FullPasswordSync))]
public sealed class GetCausewayFullPasswordSync : ConnectCmdlet
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>The name of a forest's connector; upper and lower case count. Every forest when it is left out.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ConnectorName { get; set; }

    /// <summary>Waits until it has ended, with a progress bar.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>Waits, and for so many seconds at most. -Wait alone waits without end.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int TimeoutSeconds { get; set; } = int.MaxValue;

    protected override void ProcessRecord()
    {
        var waits = Wait || MyInvocation.BoundParameters.ContainsKey(nameof(TimeoutSeconds));
        var passes = ReadPasses();
        for (var waited = Stopwatch.StartNew(); passes != null && waits && passes.Any(pass => pass.CompletedAt is null); passes = ReadPasses())
        {
            for (var i = 0; i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i]));
            foreach (var pass in passes) WarnOnce(pass);
            var left = TimeSpan.FromSeconds(TimeoutSeconds) - waited.Elapsed;
            if (left <= TimeSpan.Zero)
            {
                WriteError(TimedOut(passes.Where(pass => pass.CompletedAt is null)));
                break;
            }
            if (Stop.WaitHandle.WaitOne(left < Pause ? left : Pause)) throw new PipelineStoppedException();
        }
        if (passes is null) return;
        for (var i = 0; waits && i < passes.Count; i++) WriteProgress(ProgressOf(i, passes[i], ended: true));
        WriteObject(passes, enumerateCollection: true);
    }

    private readonly Dictionary<string, string> _warned = new Dictionary<string, string>();

    /// <summary>Warns of what a synchronization waits for, and again only when that changes.</summary>
    private void WarnOnce(FullPasswordSync pass)
    {
        if (pass.WaitingFor is null || (_warned.TryGetValue(pass.ConnectorName, out var before) && before == pass.WaitingFor)) return;
        _warned[pass.ConnectorName] = pass.WaitingFor;
        WriteWarning($"The full password synchronization of '{pass.ConnectorName}' waits: {pass.WaitingFor}");
    }

    private ErrorRecord TimedOut(IEnumerable<FullPasswordSync> open)
    {
        var names = string.Join(", ", open.Select(pass => $"'{pass.ConnectorName}'"));
        var error = new ConnectException("timed-out", $"the full password synchronization of {names} has not ended within {TimeoutSeconds} seconds; it goes on");
        return ErrorRecords.From(error, ConnectorName);
    }

    private List<FullPasswordSync>? ReadPasses()
    {
        var answer = Ask(ConnectorName, "GET", new[] { "password-sync", "full" }, Query("connector", ConnectorName));
        return answer is null ? null : Try(ConnectorName, () => answer.Objects("passes").Select(FullPasswordSync.From).OfType<FullPasswordSync>().ToList());
    }

    private static ProgressRecord ProgressOf(int id, FullPasswordSync pass, bool ended = false)
    {
        var rate = pass.UsersPerSecond is double perSecond ? $", {perSecond:0} a second" : string.Empty;
        var left = pass.ExpectedAt is DateTime end ? (int)Math.Max(0, (end - DateTime.UtcNow).TotalSeconds) : -1;
        return new ProgressRecord(id, $"Full password synchronization of {pass.ConnectorName}", pass.WaitingFor ?? $"{pass.Users} of {pass.Total} users{rate}")
        {
            PercentComplete = pass.PercentComplete,
            SecondsRemaining = left,
            RecordType = ended || pass.CompletedAt != null ? ProgressRecordType.Completed : ProgressRecordType.Processing,
        };
    }
}

/// <summary>Checks the password channel, or the way of one object.</summary>
/// <remarks>Without an object: whether the feature is on, Connect is not in staging mode, the channel of each forest is on and alive, and each domain is reachable with sufficient permissions. With a connector and a distinguished name: where that object's password is, and why it goes no further.</remarks>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync</code>
/// <para>Checks the channel of every forest.</para>
/// </example>
/// <example>
/// <code>Invoke-ADSyncDiagnostics -PasswordSync -ADConnectorName corp.example.com -DistinguishedName 'CN=Alice Example,OU=People,DC=corp,DC=example,DC=com'</code>
/// <para>Follows one user's password.</para>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "ADSyncDiagnostics")]
[OutputType(typeof(Diagnosis))]
public sealed class InvokeADSyncDiagnostics : ConnectCmdlet
{
    /// <summary>Checks password hash synchronization, the only diagnostics that there are.</summary>
    [Parameter(Mandatory = true)]
    public SwitchParameter PasswordSync { get; set; }

    /// <summary>The name of a forest's connector; upper and lower case count.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [Alias("ConnectorName", "Name")]
    [ArgumentCompleter(typeof(ForestNameCompleter))]
    [ValidateNotNullOrEmpty]
    public string? ADConnectorName { get; set; }

    /// <summary>The distinguished name of one object of that forest.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? DistinguishedName { get; set; }

    protected override void ProcessRecord()
    {
        if (DistinguishedName != null && ADConnectorName is null)
        {
            var error = new ConnectException("bad-request", "-ADConnectorName expected beside -DistinguishedName: which forest's object it is", null, 400);
            ThrowTerminatingError(ErrorRecords.From(error, DistinguishedName));
        }
        EmitAll((object?)DistinguishedName ?? ADConnectorName, "checks", Diagnosis.From, new[] { "diagnostics", "password-sync" }, new Dictionary<string, object?>
        {
            ["connector"] = ADConnectorName,
            ["distinguishedName"] = DistinguishedName,
        });
    }
}
