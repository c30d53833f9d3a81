using System;
using System.Linq;
using Causeway.ADSync.Api;

namespace Microsoft.IdentityManagement.PowerShell.ObjectModel;

/// <summary>Which parts of a connector's next cycle process everything again.</summary>
public sealed class SchedulerConnectorOverride
{
    private SchedulerConnectorOverride(JsonObject json)
    {
        ConnectorIdentifier = json.Identifier("connectorId");
        ConnectorName = json.Text("connectorName");
        FullImportRequired = json.Flag("fullImportRequired");
        FullSyncRequired = json.Flag("fullSyncRequired");
    }

    public Guid ConnectorIdentifier { get; }

    public string ConnectorName { get; }

    public bool FullImportRequired { get; }

    public bool FullSyncRequired { get; }

    internal static SchedulerConnectorOverride From(JsonObject json) => new SchedulerConnectorOverride(json);
}

/// <summary>The number of deletions above which all of them wait.</summary>
public sealed class ExportDeletionThreshold
{
    private ExportDeletionThreshold(JsonObject json)
    {
        DeletionPrevention = json.Integer("deletionPrevention");
        ThresholdCount = json.Integer("thresholdCount");
        Waiting = json.Integer("waiting");
    }

    /// <summary>Always 1: the protection cannot be switched off.</summary>
    public int DeletionPrevention { get; }

    /// <summary>Within 24 hours. A tenth of a forest is a limit too.</summary>
    public int ThresholdCount { get; }

    /// <summary>Deletions that wait for an approval now.</summary>
    public int Waiting { get; }

    internal static ExportDeletionThreshold From(JsonObject json) => new ExportDeletionThreshold(json);
}

/// <summary>Approved deletions.</summary>
public sealed class ApprovedDeletions
{
    private ApprovedDeletions(JsonObject json)
    {
        ConnectorName = json.Text("connector");
        Digest = json.Text("digest");
        Count = json.Integer("count");
        Users = json.Objects("people").Select(person => person.Text("user")).ToArray();
    }

    public string ConnectorName { get; }

    /// <summary>Identifies exactly these deletions.</summary>
    public string Digest { get; }

    public int Count { get; }

    /// <summary>The first 10,000.</summary>
    public string[] Users { get; }

    internal static ApprovedDeletions From(JsonObject json) => new ApprovedDeletions(json);
}

/// <summary>Whether Connect installs newer releases by itself.</summary>
public enum AutoUpgradeConfigurationState
{
    Suspended,
    Enabled,
    Disabled,
}

/// <summary>The state, with a reason if it is suspended.</summary>
public sealed class AutoUpgradeDetail
{
    internal AutoUpgradeDetail(AutoUpgradeConfigurationState state) => AutoUpgradeState = state;

    public AutoUpgradeConfigurationState AutoUpgradeState { get; }

    public string? SuspensionReason => null;
}
